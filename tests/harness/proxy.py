"""nginx in front of a program, with the part of its configuration that production uses."""

import contextlib
import copy
import os
import subprocess
import tempfile
import time
from pathlib import Path

from harness.app import free_port
from harness.services import ROOT

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream api {{
        server 127.0.0.1:{api};
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://api;
            include {root}/docker/nginx/proxy.conf;
        }}
    }}
}}
"""


@contextlib.contextmanager
def behind_nginx(app):
    """The program as it is reached through nginx. Start it with TRUSTED_PROXY_COUNT=1."""
    through = copy.copy(app)
    through.port = free_port()
    with tempfile.TemporaryDirectory(prefix="nginx-", dir="/var/tmp") as folder:
        file = Path(folder) / "nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        file.write_text(CONFIGURATION.format(user=user, folder=folder, api=app.port, port=through.port, root=ROOT))
        with subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-c", str(file)], stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_for_reply(through, process)
                yield through
            finally:
                process.terminate()


def wait_for_reply(through, process):
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            through.get("/health")
            return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"nginx does not answer: {process.stderr.read()}")
