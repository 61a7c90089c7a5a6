"""Kill a real `reconcile` at an exact moment, and wait until what it had sent is done."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from reconciler.sandbox.requests.protocol import Call
from reconciler.sandbox.server import Sandbox
from tests.cli.process import LIMIT, end_of, start

_LOOKS = 60_000  # of a millisecond or more each
_SERVING = "process_request_thread"  # how socketserver names its threads


@dataclass(frozen=True)
class Moment:
    """When to kill: at the n-th ECR call, or once a file holds more than so many bytes.

    With an `operation`, only its calls count.
    """

    what: Literal["call-arrived", "call-done", "file-larger"]
    count: int
    operation: str | None = None


class Killer:
    """Runs commands against a sandbox, and kills each with SIGKILL at its moment."""

    def __init__(self, ecr: Sandbox, folder: Path, environment: Mapping[str, str]) -> None:
        self._ecr = ecr
        self._folder = folder
        self._environment = environment
        self._lock = threading.Lock()
        self._moment: Moment | None = None
        self._process: ForkServerProcess | None = None
        self._calls: Counter[tuple[str, str | None]] = Counter()
        ecr.before_call(lambda call: self._count("call-arrived", call))
        ecr.after_call(lambda call: self._count("call-done", call))

    def run(self, moment: Moment, arguments: Sequence[str], file: Path) -> int:
        """Run a command, kill it, and give what it ended with once all is quiet again.

        `file` is the one whose size counts.
        """
        others = _serving()
        with self._lock:
            self._moment = moment
            self._calls.clear()
            self._process = process = start(arguments, self._folder, self._environment)
        if moment.what == "file-larger":
            wait_while(lambda: process.exitcode is None and _size(file) <= moment.count)
            process.kill()
        process.join(LIMIT)
        with self._lock:
            self._moment = None
        _settle(self._ecr, others)
        return end_of(process)

    def _count(self, what: Literal["call-arrived", "call-done"], call: Call) -> None:
        with self._lock:
            for operation in (None, call.name):
                self._calls[what, operation] += 1
                moment = Moment(what, self._calls[what, operation], operation)
                if self._process is not None and self._moment == moment:
                    self._process.kill()


def _serving() -> set[threading.Thread]:
    """The threads of all servers of this process, also of one that an earlier test left hanging."""
    return {thread for thread in threading.enumerate() if _SERVING in thread.name}


def _settle(ecr: Sandbox, others: set[threading.Thread]) -> None:
    """Wait until every call that has been sent is done, also one that nobody has taken yet.

    `others` are threads that served before the command ran.
    """
    # Connections are taken in the order of their coming, so this one is the last.
    connection = HTTPConnection(urlsplit(ecr.endpoint_url).netloc)
    connection.request("GET", "/moto-api/config")
    connection.getresponse().read()
    connection.close()
    wait_while(lambda: bool(_serving() - others))


def wait_while(condition: Callable[[], bool]) -> None:
    """Wait, and look again about every millisecond: what a test waits for needs the processor."""
    pause = threading.Event()
    for _ in range(_LOOKS):
        if not condition():
            return
        pause.wait(0.001)
    raise AssertionError("waited for too long")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
