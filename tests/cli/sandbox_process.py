"""`reconcile sandbox` as a process of its own, as somebody starts it in a terminal."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

RECONCILE = (sys.executable, "-m", "reconciler")


@contextmanager
def sandbox_lines(environment: dict[str, str], *options: str) -> Iterator[str]:
    """Give what `reconcile sandbox` prints for a shell; it must end well."""
    process = subprocess.Popen(
        [*RECONCILE, "sandbox", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stdout.readline, "")
        printed: list[str] = []
        for line in lines:
            printed.append(line)
            if line.startswith("unset "):
                break
        yield "".join(printed)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def exported(printed: str) -> dict[str, str]:
    """The variables that a shell would have of what the sandbox prints."""
    return dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE))
