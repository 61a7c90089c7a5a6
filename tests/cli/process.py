"""A real `reconcile` process, forked from one that has loaded already what each would load.

That is most of what a short command costs, and there are hundreds of them. What depends on how a
process begins or on where its streams lead is tested with `python -m reconciler` instead.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.cli.main import main

LIMIT = 120
"""Seconds that a command may take."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.cli.preload", "tests.cli.process"])


@dataclass(frozen=True)
class Ended:
    """How a process ended (negative: by which signal), and what it wrote."""

    code: int
    out: bytes
    err: bytes


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: bytes = b""
) -> Ended:
    """Run `reconcile` in a folder and an environment, and wait for its end."""
    with TemporaryDirectory() as place:
        streams = given, out, err = tuple(Path(place, name) for name in ("in", "out", "err"))
        given.write_bytes(stdin)
        process = start(arguments, folder, environment, streams)
        return Ended(end_of(process), out.read_bytes(), err.read_bytes())


def start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[Path] = (Path(os.devnull),) * 3,
) -> ForkServerProcess:
    """Start `reconcile`; `streams` are what it reads and the two that it writes."""
    of_it = (tuple(arguments), folder, dict(environment), tuple(streams))
    process = _FORKS.Process(target=_become_reconcile, args=of_it)
    process.start()
    return process


def end_of(process: ForkServerProcess) -> int:
    """Wait for a process to end, and give its exit code; kill what has no end."""
    process.join(LIMIT)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    process.close()
    assert code is not None, f"no end after {LIMIT} s"
    return code


def _become_reconcile(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[Path],
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.stdin = os.fdopen(0)  # multiprocessing has closed the first one
    sys.argv = ["reconcile", *arguments]
    main()
