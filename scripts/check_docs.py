#!/usr/bin/env python3
"""What the documentation names exists: every path in a how-to page, every relative link in any page.

A path with a placeholder (<lib>, NNNN, *, {...}) stands for a file that is still to be written and is not looked up.
"""

import re

import check_source

CODE_SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:apps|bench|cmake|docker|docs|fuzz|libs|migrations|scripts|seeds|tests|web)/[\w./-]*$")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
PLACEHOLDER = re.compile(r"NNNN")


def named_paths(text):
    """(position, path) of each code span that is a path of this tree."""
    for match in CODE_SPAN.finditer(text):
        for word in match[1].split():
            path = word.split(":")[0].rstrip(".,;")
            if PATH.match(path) and not PLACEHOLDER.search(path):
                yield match.start(), path


def links(text):
    """(position, target) of each link to a file."""
    without_code = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for match in LINK.finditer(without_code):
        target = match[1].split("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            yield match.start(), target


def check(root):
    findings = []
    for path, text in check_source.text_files(root):
        if not path.endswith(".md"):
            continue
        folder = (root / path).parent
        missing = [(at, target) for at, target in links(text) if not (folder / target).exists()]
        if path.startswith("docs/how-to/"):
            missing += [(at, name) for at, name in named_paths(text) if not (root / name).exists()]
        findings += [f"{path}:{check_source.line_of(text, at)}: {name} does not exist" for at, name in missing]
    return findings


if __name__ == "__main__":
    check_source.run(check)
