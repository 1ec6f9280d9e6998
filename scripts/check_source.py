"""What the checks share: which files there are, C text without comments and strings, and how findings are reported."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", ".dev", ".cache", ".pytest_cache", "build", "node_modules", "__pycache__"}
C_FOLDERS = ("libs", "apps", "tests", "fuzz", "bench")
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def walk(folder):
    """All files below a folder, in a stable order, without build results."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            if entry.name not in SKIPPED:
                yield from walk(entry)
        elif entry.is_file():
            yield entry


def text_files(root):
    """(path relative to the root, content) of every text file."""
    for path in walk(root):
        data = path.read_bytes()
        if b"\0" not in data:
            yield path.relative_to(root).as_posix(), data.decode("utf-8", errors="replace")


def c_files(root):
    """(path relative to the root, content) of every C file of ours."""
    for folder in C_FOLDERS:
        for path in walk(root / folder):
            if path.suffix in (".c", ".h"):
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def _blank(match):
    text = match.group()
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """C text with comments and the contents of literals blanked; every position stays where it was."""
    return NOT_CODE.sub(_blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def run(check):
    """Prints the findings for the tree given as argument (default: this one); exit code 1 when there are any."""
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    findings = check(root)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
