"""Operators' scripts, run for real against the servers of the test run."""

import os
import subprocess

from harness.services import ROOT, bin_dir


class Scripts:
    """The folder of the servers stands in for .dev/, the programs under test for the release build."""

    def __init__(self, services):
        self.folder = services.folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**kept, "DEV_DIR": str(services.folder), "BUILD_DIR": str(bin_dir().parent)}

    def start(self, name, *arguments, cwd=ROOT, **env):
        return subprocess.Popen([str(ROOT / "scripts" / name), *map(str, arguments)], cwd=cwd, env={**self.env, **env}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)

    def run(self, name, *arguments, code=0, **options):
        """Its output, errors after results; `code` is how it has to end."""
        running = self.start(name, *arguments, **options)
        out, errors = running.communicate(timeout=300)
        assert running.returncode == code, (running.returncode, out, errors)
        return out + errors
