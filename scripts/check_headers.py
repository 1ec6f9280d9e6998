#!/usr/bin/env python3
"""Every header of libs/ compiles alone, and twice. The compiler is $CC, else cc."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import check_source

FLAGS = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"]
# The libraries whose headers are not on the compiler's own path, for the private headers that show them.
PACKAGES = ["libpq", "hiredis", "libmicrohttpd", "libuv", "libcurl", "openssl"]


def include_flags():
    result = subprocess.run(["pkg-config", "--cflags", *PACKAGES], capture_output=True, text=True, check=True)
    return result.stdout.split()


def compile_alone(root, flags, header):
    """What the compiler says about a file that holds nothing but the header, twice."""
    line = f'#include "{header}"\n'
    command = [os.environ.get("CC", "cc"), f"-I{root / 'libs'}", *flags, *FLAGS]
    result = subprocess.run(command, input=line * 2, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else f"libs/{header}: does not compile alone\n{result.stderr.rstrip()}"


def check(root):
    headers = [path[len("libs/") :] for path, _ in check_source.c_files(root) if path.startswith("libs/") and path.endswith(".h")]
    flags = include_flags()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [finding for finding in pool.map(lambda header: compile_alone(root, flags, header), headers) if finding]


if __name__ == "__main__":
    check_source.run(check)
