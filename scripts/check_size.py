#!/usr/bin/env python3
"""Size targets: function 60 lines, 5 parameters, complexity 12; file 400, test 600, header 150 lines.

The ctx, which comes first everywhere, and ... are not counted as parameters.
Complexity counts decisions (if, for, while, switch, && || ?:); a switch counts once, because one that maps twenty values is
still read at a glance. Exceptions are lines `path:function: reason` (`path:file: reason`) in size_exceptions.txt.
"""

import re

import check_source

FUNCTION_LINES, PARAMETERS, COMPLEXITY = 60, 5, 12
FILE_LINES, TEST_LINES, HEADER_LINES = 400, 600, 150
EXCEPTIONS = "scripts/size_exceptions.txt"
DECISION = re.compile(r"\b(?:if|for|while|switch)\b|&&|\|\||\?")
# The format check guarantees that only a function has its braces alone in column 0.
FUNCTION = re.compile(r"^(?P<head>[A-Za-z_][^;{}#]*\))\s*\n\{\n(?P<body>.*?)^\}", re.DOTALL | re.MULTILINE)
UNCOUNTED = {"", "void", "...", "struct ctx *ctx", "const struct ctx *ctx"}
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]", re.DOTALL)


def split_parameters(head):
    """The texts between the commas of the outermost parentheses."""
    parts, depth = [""], 0
    for char in head[head.index("(") :]:
        depth -= char == ")"
        if depth == 1 and char == ",":
            parts.append("")
        elif depth >= 1:
            parts[-1] += char
        depth += char == "("
    return [part.strip() for part in parts]


def functions(code):
    """(name, first line, number of lines, number of parameters, complexity) of each function."""
    for match in FUNCTION.finditer(code):
        head = ATTRIBUTE.sub("", match["head"])
        name = re.search(r"(\w+)\s*\(", head)[1]
        parameters = split_parameters(head)
        if name in ("START_TEST", "START_LOOP_TEST"):
            name = parameters[0]
        count = sum(parameter not in UNCOUNTED for parameter in parameters)
        lines = match.group().count("\n") + 1
        complexity = 1 + len(DECISION.findall(match["body"]))
        yield name, check_source.line_of(code, match.start()), lines, count, complexity


def oversized(path, text):
    """(place for the exceptions, line, what is wrong) for each target that is missed."""
    code = check_source.code_only(text)
    limit = HEADER_LINES if path.endswith(".h") else TEST_LINES if path.endswith("_test.c") else FILE_LINES
    lines = text.count("\n")
    if lines > limit:
        yield f"{path}:file", 1, f"{lines} lines, at most {limit}"
    for name, line, length, parameters, complexity in functions(code):
        for what, value, most in (
            ("lines", length, FUNCTION_LINES),
            ("parameters", parameters, PARAMETERS),
            ("complexity", complexity, COMPLEXITY),
        ):
            if value > most:
                yield f"{path}:{name}", line, f"{name}: {value} {what}, at most {most}"


def read_exceptions(root):
    """The exceptions as {place: reason}."""
    file = root / EXCEPTIONS
    exceptions = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        if line.strip() and not line.startswith("#"):
            path, name, reason = (line.split(":", 2) + ["", ""])[:3]
            exceptions[f"{path}:{name}"] = reason.strip()
    return exceptions


def check(root):
    exceptions = read_exceptions(root)
    findings = [f"{EXCEPTIONS}: {place} has no reason" for place, reason in exceptions.items() if not reason]
    used = set()
    for path, text in check_source.c_files(root):
        for place, line, problem in oversized(path, text):
            if place in exceptions:
                used.add(place)
            else:
                findings.append(f"{path}:{line}: {problem}")
    findings += [f"{EXCEPTIONS}: {place} is not needed any more" for place in exceptions.keys() - used]
    return findings


if __name__ == "__main__":
    check_source.run(check)
