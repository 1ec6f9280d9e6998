#!/usr/bin/env python3
"""Words that may not occur: unsafe and blocking calls, raw allocation, hidden control flow, SQL in C, notes to self."""

import re
from fnmatch import fnmatch

import check_source

TESTS = ["*_test.c", "libs/*/testing/*"]
# (words, why not, where the rule holds, where it does not)
CALLS = [
    (
        "strcpy strcat sprintf vsprintf strtok atoi atol strtol gets rand srand localtime gmtime system popen",
        "unsafe; core/ has a replacement",
        ["*"],
        [],
    ),
    # net keeps what a library may still write to after a request has gone, which no arena can.
    ("malloc calloc realloc free", "raw allocation; use the arena", ["*"], ["libs/core/*", "libs/net/*", "bench/*", *TESTS]),
    (
        "PQexec PQexecParams PQexecPrepared PQprepare PQconnectdb PQconnectdbParams PQreset PQfn",
        "blocks the loop",
        ["libs/*"],
        ["libs/db/migrate*.c", "libs/db/history.c", *TESTS],  # migrations run before the workers fork
    ),
    (
        "redisCommand redisConnect redisConnectWithTimeout redisGetReply curl_easy_perform curl_multi_wait curl_multi_poll",
        "blocks the loop",
        ["libs/*"],
        TESTS,
    ),
    (
        "sleep usleep nanosleep poll select getaddrinfo gethostbyname",
        "blocks the loop",
        ["libs/*"],
        ["libs/svc/master*.c", "libs/core/log.c", *TESTS],  # the master serves no requests, the log polls for zero seconds
    ),
    (
        "memcmp",
        "takes longer the more matches; compare secrets in constant time",
        ["libs/auth/*"],
        ["libs/auth/token.c", *TESTS],  # a token's text is the client's own; its signature is compared by OpenSSL
    ),
]
GOTO = re.compile(r"\bgoto\b")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
SQL = re.compile(r'"\s*(?:select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s)', re.IGNORECASE)
NOTES = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
# These files must spell what they forbid.
SPELLED_OUT = {"scripts/check_words.py", "tests/style/test_checks.py"}


def matches_any(path, patterns):
    return any(fnmatch(path, pattern) for pattern in patterns)


def calls_in(path, code):
    for words, why, where, exempt in CALLS:
        if matches_any(path, where) and not matches_any(path, exempt):
            for match in re.finditer(rf"(?<!->)(?<!\.)\b({words.replace(' ', '|')})\s*\(", code):
                yield match.start(1), f"{match[1]}(): {why}"


def control_flow_in(code):
    for match in GOTO.finditer(code):
        yield match.start(), "goto: leave early, clean up by scope"
    for match in MACRO.finditer(code):
        if re.search(r"\breturn\b", match.group()) and match[1] != "TRY":
            yield match.start(), f"macro {match[1]} hides a return"


def sql_in(path, text):
    if path.startswith("libs/") and not path.startswith("libs/db/"):
        for match in SQL.finditer(text):
            yield match.start(), "SQL belongs in a .sql file"


def check_c(path, text):
    code = check_source.code_only(text)
    for position, problem in [*calls_in(path, code), *control_flow_in(code), *sql_in(path, text)]:
        yield f"{path}:{check_source.line_of(text, position)}: {problem}"


def check(root):
    findings = [finding for path, text in check_source.c_files(root) for finding in check_c(path, text)]
    for path, text in check_source.text_files(root):
        if path not in SPELLED_OUT:
            for match in NOTES.finditer(text):
                findings.append(f"{path}:{check_source.line_of(text, match.start())}: {match.group()}: do it or file an issue")
    return findings


if __name__ == "__main__":
    check_source.run(check)
