#!/usr/bin/env python3
"""Copies the services of one product in a compose file: copy_services.py FILE PRODUCT COMMAND...

COMMAND reads their text and writes that of the new product's, which is put behind the last of them. The rest of the file,
comments included, stays as it is.
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
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    mine = [block for block in blocks(lines) if product in block[2]]
    if not mine:
        sys.exit(f"{file} has no service of {product} to copy")
    text = "".join("\n" + "".join(lines[first:end]) for first, end, _ in mine)
    new = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
    file.write_text("".join([*lines[: mine[-1][1]], new, *lines[mine[-1][1] :]]), encoding="utf-8")


if __name__ == "__main__":
    main()
