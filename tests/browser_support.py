"""Debian's chromium without a window, driven over its debugging pipe with the standard library."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60.0  # seconds until a browser that says nothing is given up
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-extensions", "--disable-sync", "--mute-audio", "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """Speaks the DevTools protocol: JSON messages, each ended by a zero byte."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._pending = b""
        self._count = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """What the browser replies; what else it says in the meantime is kept as events."""
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._send(json.dumps(message).encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == number:
                assert "error" not in said, said["error"]
                return said["result"]
            self.events.append(said)

    def page(self) -> Page:
        """An empty page that notes all its requests, messages and exceptions."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        return page

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            piece = os.read(self._read, 1 << 20) if ready else b""
            assert piece, "the browser says nothing or has ended"
            self._pending += piece
        said, _, self._pending = self._pending.partition(b"\0")
        return json.loads(said)


class Page:
    """A page of the browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser replies about this page."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, path: Path) -> None:
        """Load a file and wait until its scripts have run."""
        before = len(self.said("Page.loadEventFired"))
        self.call("Page.navigate", url=path.as_uri())
        while len(self.said("Page.loadEventFired")) == before:
            self._browser.call("Browser.getVersion")  # what it says brings the events before it
            time.sleep(0.02)

    def run(self, program: str) -> Any:
        """The value of an expression in the page; what it throws fails the test."""
        said = self.call(
            "Runtime.evaluate", expression=program, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.run(condition):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.02)

    def said(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all events of this page with a name."""
        return [
            event["params"]
            for event in self._browser.events
            if event.get("method") == method and event.get("sessionId") == self._session
        ]

    def requests(self) -> list[str]:
        """The addresses of all requests this page has tried to make."""
        return [event["request"]["url"] for event in self.said("Network.requestWillBeSent")]

    def complaints(self) -> list[Any]:
        """Exceptions, and what the browser has logged, such as a request that it refused."""
        return self.said("Runtime.exceptionThrown") + self.said("Log.entryAdded")


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, ended with the block."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # The browser reads from descriptor 3 and writes to 4, which a shell can arrange as long as
    # what it copies from is neither.
    low = (theirs_in, theirs_out)
    theirs = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in low]
    script = 'exec "$@" 3</dev/fd/{} 4>/dev/fd/{}'.format(*theirs)
    command = ["sh", "-c", script, "sh", str(CHROMIUM), *SWITCHES, f"--user-data-dir={profile}"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, pass_fds=theirs, stdin=quiet, stdout=quiet, stderr=quiet)
    for descriptor in (*low, *theirs):
        os.close(descriptor)
    try:
        opened = Browser(ours_in, ours_out)
        yield opened
        opened.call("Browser.close")
    finally:
        os.close(ours_out)  # the browser ends when nobody speaks to it any more
        os.close(ours_in)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
