"""Measures whole processes, side by side."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

MEASURED = str(Path(__file__).with_name("measured.py"))
BEGUN = time.monotonic()
Case = TypeVar("Case", bound=Hashable)
Measured = TypeVar("Measured")


class Run(NamedTuple):
    """What a process took: seconds, CPU seconds, and its resident maximum in MB.

    CPU and memory include the processes that it started.
    """

    seconds: float
    cpu: float
    megabytes: float
    out: bytes


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    """Run a process to its end. Raises RuntimeError, with what it said, unless it exits with 0."""
    with tempfile.TemporaryDirectory() as temporary:
        result = Path(temporary, "result")
        done = subprocess.run(
            [sys.executable, "-S", MEASURED, str(result), *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=True,
        )
        seconds, cpu, megabytes, code = json.loads(result.read_text())
    if code != 0:
        told = (done.stdout + done.stderr)[-2000:].decode(errors="replace")
        raise RuntimeError(f"exit code {code} of {' '.join(command)}:\n{told}")
    return Run(seconds, cpu, megabytes, done.stdout)


def interleaved(
    what: str, cases: Mapping[Case, Callable[[], Measured]], rounds: int
) -> dict[Case, list[Measured]]:
    """Measure all cases one after the other, in each round, so that noise concerns all of them."""
    measured: dict[Case, list[Measured]] = {case: [] for case in cases}
    for number in range(1, rounds + 1):
        for case, measure in cases.items():
            tell(f"{what}, round {number} of {rounds}: {case}")
            measured[case].append(measure())
    return measured


def seconds(runs: Sequence[Run]) -> float:
    """Return the median of the seconds."""
    return statistics.median(one.seconds for one in runs)


def cpu(runs: Sequence[Run]) -> float:
    """Return the median of the CPU seconds."""
    return statistics.median(one.cpu for one in runs)


def megabytes(runs: Sequence[Run]) -> float:
    """Return the most of the resident maxima."""
    return max(one.megabytes for one in runs)


def tell(text: str) -> None:
    """Tell the progress of the benchmarks on stderr."""
    print(f"{time.monotonic() - BEGUN:5.0f} s  {text}", file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """Return the environment of what is measured, which finds and keeps its compiled modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
