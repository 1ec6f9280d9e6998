#!/usr/bin/env python3
"""Copies what a compose file, or its file of variables, says of one product: copy_services.py FILE PRODUCT COMMAND...

COMMAND reads that text and writes the new product's. The product's services are put behind the last of them, and each line
elsewhere whose key names the product is put behind that line. The rest, comments included, stays as it is.
"""

import re
import subprocess
import sys
from pathlib import Path

SECTION = re.compile(r"^[^\s#]")
SERVICE = re.compile(r"^  ([A-Za-z0-9._-]+):")


def blocks(lines):
    """(first line, line behind the last one, name) of every service; comments and empty lines between two are neither's."""
    inside, found = False, []
    for number, line in enumerate(lines):
        if SECTION.match(line):
            inside = line.startswith("services:")
        elif inside and (match := SERVICE.match(line)):
            found.append([number, number + 1, match[1]])
        elif inside and found and line.startswith("   "):
            found[-1][1] = number + 1
    return found


def main():
    file, product, command = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    key = re.compile(rf"^\s*#?\s*(?:- )?[\w.-]*{product}[\w.-]*(?::|=)", re.IGNORECASE)

    def changed(text):
        return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout

    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    mine = [block for block in blocks(lines) if product in block[2]]
    inside = {number for first, end, _ in mine for number in range(first, end)}
    behind = {number: line for number, line in enumerate(lines) if number not in inside and key.match(line)}
    if mine:
        behind[mine[-1][1] - 1] = "".join("\n" + "".join(lines[first:end]) for first, end, _ in mine)
    if not behind:
        sys.exit(f"{file} says nothing of {product}")
    file.write_text("".join(line + (changed(behind[number]) if number in behind else "") for number, line in enumerate(lines)),
                    encoding="utf-8")


if __name__ == "__main__":
    main()
