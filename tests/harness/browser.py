"""Headless Chromium with one page, and the chat widget on it as a visitor uses it."""

import json
import subprocess
from urllib.parse import urlparse

from harness.services import ROOT

MESSAGES = "[data-testid=chat-message]"
ANSWERS = f"{MESSAGES}[data-role=assistant]"
FINISHED = f"{ANSWERS}:not([aria-busy])"
WAIT_SECONDS = 60


def by_id(name):
    return f"[data-testid={name}]"


class Browser:
    """browser("click", css="...") does one verb of tests/widget.mjs."""

    def __init__(self):
        self.process = subprocess.Popen(["node", "tests/widget.mjs"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(WAIT_SECONDS)

    def __call__(self, verb, **args):
        self.process.stdin.write(json.dumps({"verb": verb, **args}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser has ended"
        reply = json.loads(line)
        assert "failed" not in reply, (verb, args, reply)
        return reply["value"]

    # ---- the widget ----

    def click(self, name):
        self("click", css=by_id(name))

    def open_chat(self, url):
        assert self("goto", url=url) == 200
        self.click("chat-toggle")

    def ask(self, question):
        """Types it and presses Enter; the panel is open, the input has the keyboard."""
        self("type", text=question)
        self("press", keys=["Enter"])

    def answers(self, count=1):
        """Texts of the finished answers as soon as there are so many."""
        self("wait", css=FINISHED, count=count)
        return self("texts", css=FINISHED)

    def texts(self, name):
        return self("texts", css=by_id(name))

    def assert_clean(self, *hosts):
        """No error on the console, no request to any other host."""
        seen = self("seen")
        assert seen["problems"] == []
        assert {urlparse(url).netloc for url in seen["requests"] if not url.startswith("data:")} == set(hosts)
