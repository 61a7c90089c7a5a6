"""Applies to many repositories of an ECR that throttles: nothing fails.

The ideal makes each call that had to be made exactly when the service has one to give.
`benchmarks.speed` measures drifts.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

CASES = ((200, 20.0, 10, "limit 1.3"), (60, 5.0, 1, "no limit"))
"""Repositories, calls a second, calls at once."""

HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
principals: {ci: {role: role2-1, account: workloads}}
repositories:
"""


def apply(
    ecr: Sandbox, folder: Path, names: list[str]
) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Give the seconds that `reconcile apply` takes, and how it ended."""
    entries = "".join(f"  {name}: {{access: {{ci: push-pull}}}}\n" for name in names)
    (folder / "ecr_access.yaml").write_text(HEAD + entries)
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "--journal", "journal"],
        cwd=folder,
        env={**os.environ, **ecr.environment()},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return time.monotonic() - begun, done


def measure(repositories: int, rate: float, burst: int, limit: str) -> None:
    names = [f"team/app-{number:03}" for number in range(repositories)]
    needed = 1 + repositories * (1 + 3)  # a list; of each a read, a look, a write, and a read back
    worked: list[str] = []
    lock = threading.Lock()

    def count(operation: str) -> None:
        with lock:
            worked.append(operation)

    behaviour = Behaviour(throttle_rate=rate, throttle_burst=burst)
    with Sandbox(behaviour) as ecr, tempfile.TemporaryDirectory() as folder:
        for name in names:
            ecr.create_repository(name)
        ecr.after_call(lambda call: count(call.name))
        seconds, done = apply(ecr, Path(folder), names)
        applied = sum(ecr.policy_text(name) is not None for name in names)
        asked = sum(call.name != "GetCallerIdentity" for call in ecr.calls())
    ideal = (needed - burst) / rate
    print(f"{rate:g} calls a second, {burst} at once:")
    print(f"  applied: {applied} of {repositories}, exit code {done.returncode}")
    print(f"  calls: {asked}, of which throttled {asked - len(worked)}; needed {needed}")
    print(f"  time: {seconds / ideal:.2f} x the ideal ({limit})")


def main() -> None:
    for case in CASES:
        measure(*case)


if __name__ == "__main__":
    main()
