#!/usr/bin/env python3
"""Nothing in the tree names the machine it was written on: no path of it, no package registry or mirror it is configured for.

The names are taken from the machine's own configuration (apt, pip, npm, proxies), so none is written down here.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import check_source

SHARED_FOLDERS = {"/", "/home", "/tmp", "/var/tmp", "/usr", "/usr/src", "/usr/local", "/opt", "/srv", "/mnt", "/root", "/var"}
# What a client uses when its configuration is silent, only the client knows.
CLIENTS = [["npm", "config", "get", "registry"], ["go", "env", "GOPROXY"]]
LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}
URL = re.compile(r"\b(?:https?|ftp|socks5h?)://[^\s\"'\],;]+")


def machine_paths(root):
    """The checkout's own path and the folder it lies in, unless that is one which every machine has."""
    paths = []
    if root.parent != Path("/"):
        paths.append(str(root))
        if str(root.parent) not in SHARED_FOLDERS:
            paths.append(str(root.parent))
    return paths


def configuration_texts():
    """The texts that say where this machine gets its packages from."""
    home = Path.home()
    files = [Path("/etc/apt/sources.list"), Path("/etc/pip.conf"), Path("/etc/npmrc"), home / ".npmrc", home / ".pip/pip.conf"]
    files += [home / ".config/pip/pip.conf", home / ".yarnrc", home / ".cargo/config.toml", home / ".config/go/env"]
    for folder in ("/etc/apt/sources.list.d", "/etc/apt/apt.conf.d", "/etc/pip.conf.d"):
        files += check_source.walk(Path(folder))
    for file in files:
        if file.is_file() and os.access(file, os.R_OK):
            yield "\n".join(line for line in file.read_text(errors="replace").splitlines() if not line.lstrip().startswith("#"))
    for name, value in os.environ.items():
        if re.search(r"proxy|index_url|registry|mirror", name, re.IGNORECASE):
            yield value
    for command in CLIENTS:
        if shutil.which(command[0]):
            yield subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def registry_hosts(texts):
    """Host names of all URLs in the texts."""
    hosts = set()
    for text in texts:
        for url in URL.findall(text):
            host = urlsplit(url).hostname
            if host and host not in LOCAL:
                hosts.add(host)
    return hosts


def check(root, texts=None):
    hosts = registry_hosts(configuration_texts() if texts is None else texts)
    patterns = [rf"(?<![\w.~-]){re.escape(path)}(?![\w-])" for path in machine_paths(root)]
    patterns += [rf"(?<![\w.-]){re.escape(host)}(?![\w-])" for host in sorted(hosts)]
    if not patterns:
        return []
    forbidden = re.compile("|".join(patterns))
    return [
        f"{path}:{check_source.line_of(text, match.start())}: names this machine: {match.group()}"
        for path, text in check_source.text_files(root)
        for match in forbidden.finditer(text)
    ]


if __name__ == "__main__":
    check_source.run(check)
