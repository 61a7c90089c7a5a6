"""Applies and drifts over many repositories against an ECR that throttles: nothing fails.

The ideal makes each call that had to be made exactly when the service has one to give, or as fast
as without throttling, if that takes longer. A drift is measured from its first call to its last
answer, as the server sees it.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.fast_ecr import Conditions, FastEcr
from benchmarks.speed import REPOSITORIES, access_file, compiled, reconcile
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

CASES = ((200, 20.0, 10, "limit 1.3"), (60, 5.0, 1, "no limit"))
"""Repositories, calls a second, calls at once."""
RATES, BURST = (20.0, 50.0, 200.0), 100.0
SHARES = (0.02, 0.1)
"""Of calls that are throttled at random, by others' doing."""

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


def drift(conditions: Conditions) -> tuple[float, float, int, int]:
    """Return a drift's seconds, the share of throttled calls, the calls needed, the exit code."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "ecr_access.yaml")
        file.write_text(access_file(REPOSITORIES))
        with FastEcr(compiled(file), conditions) as ecr:
            done = subprocess.run(
                reconcile("drift", "-q"),
                cwd=name,
                env=ecr.environment(os.environ),
                capture_output=True,
                check=False,
            )
            calls = ecr.take_calls()
    return calls.seconds, calls.share, sum(calls.by_operation.values()), done.returncode


def measure_drifts() -> None:
    print(f"drift over {REPOSITORIES} repositories in sync, {BURST:g} calls at once:")
    unthrottled, *_ = drift(Conditions())
    for rate in RATES:
        seconds, share, needed, code = drift(Conditions(rate=rate, burst=BURST))
        ideal = max((needed - BURST) / rate, unthrottled)
        print(
            f"  {rate:g} calls a second: {seconds / ideal:.2f} x the ideal (limit 1.1), "
            f"{share:.1%} throttled (limit 5 %), exit code {code}"
        )
    for throttled in SHARES:
        seconds, share, _, code = drift(Conditions(throttled_share=throttled))
        print(
            f"  {throttled:.0%} throttled at random: {seconds / unthrottled:.2f} x unthrottled, "
            f"{share:.1%} throttled, exit code {code}"
        )


def main() -> None:
    measure_drifts()
    for case in CASES:
        measure(*case)


if __name__ == "__main__":
    main()
