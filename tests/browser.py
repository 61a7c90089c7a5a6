"""A headless Chromium, driven by the DevTools protocol over a pair of pipes: no port, no library.

Messages are JSON, each ended by a zero byte. Source: Chrome DevTools Protocol, and Chromium's
`--remote-debugging-pipe`, which reads from descriptor 3 and writes to descriptor 4.
"""

import base64
import json
import os
import select
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
REQUIRED = "RECONCILE_TEST_BROWSER"
"""Set to `required` where a browser must be there, so that no test of a page is skipped."""

LIMIT = 60
"""Seconds that an answer may take."""

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)

Message = dict[str, Any]


def found() -> str | None:
    """The browser's command, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class BrowserError(Exception):
    """The browser ended, did not answer in time, or refused a command."""


class Tab:
    """One page of a browser; keeps what its console and its network said."""

    def __init__(self, ask: int, answers: int) -> None:
        self._ask, self._answers = ask, answers
        self._number, self._unread, self._session = 0, b"", ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.events: list[str] = []
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: object) -> Message:
        """Send a command, and return its result."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        sent = {"id": self._number, "method": method, "params": parameters, **session}
        os.write(self._ask, json.dumps(sent).encode() + b"\0")
        for message in self._messages():
            if message.get("id") != self._number:
                self._note(message)
            elif "error" in message:
                raise BrowserError(f"{method}: {message['error']}")
            else:
                result: Message = message["result"]
                return result
        raise BrowserError(f"{method}: no answer")

    def open(self, path: Path) -> None:
        """Open a file, and wait until it has loaded."""
        self.complaints.clear()
        self.requests.clear()
        self.events.clear()
        self.command("Page.navigate", url=path.as_uri())
        loaded = "Page.loadEventFired"
        messages = self._messages()
        while loaded not in self.events:
            self._note(next(messages))

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript, and wait for its result where it is a promise."""
        answer = self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def show(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Set the colour scheme that the user prefers, and the size of the window in pixels."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    def press(self, key: str, *, modifiers: int = 0, text: str = "") -> None:
        """Press and release a key; `modifiers` is 2 for Ctrl, 8 for Shift."""
        code = KEYS.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text and kind == "keyDown" else {}
            self.command(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=modifiers,
                windowsVirtualKeyCode=code, **typed,
            )  # fmt: skip

    def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        self.command("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        """Write what is shown to a PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))

    def _messages(self) -> Iterator[Message]:
        deadline = monotonic() + LIMIT
        while True:
            while b"\0" in self._unread:
                message, _, self._unread = self._unread.partition(b"\0")
                yield json.loads(message)
            ready, _, _ = select.select([self._answers], [], [], max(deadline - monotonic(), 0))
            part = os.read(self._answers, 1 << 20) if ready else b""
            if not part:
                raise BrowserError("the browser ended" if ready else f"no answer in {LIMIT} s")
            self._unread += part

    def _note(self, message: Mapping[str, Any]) -> None:
        method, said = message.get("method", ""), message.get("params", {})
        self.events.append(method)
        if method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}:
            self.complaints.append(json.dumps(said))
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {said['message']}")


KEYS = {
    "Enter": 13, "Escape": 27, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, " ": 32,
}  # fmt: skip


@contextmanager
def browser(command: str) -> Iterator[Tab]:
    """Start a browser with a profile of its own, and end it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        reads, asks = os.pipe()
        answers, writes = os.pipe()
        above = [fcntl(descriptor, F_DUPFD_CLOEXEC, 10) for descriptor in (reads, writes)]
        null = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in range(3)]
        pipes = [(os.POSIX_SPAWN_DUP2, own, n) for n, own in enumerate(above, 3)]
        options = [*OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        number = os.posix_spawn(
            command, [command, *options], os.environ, file_actions=[*null, *pipes], setpgroup=0
        )
        for descriptor in (reads, writes, *above):
            os.close(descriptor)
        try:
            yield Tab(asks, answers)
        finally:
            os.killpg(number, signal.SIGKILL)
            os.waitpid(number, 0)
            os.close(asks)
            os.close(answers)
