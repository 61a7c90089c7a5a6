"""How `validate` grows: 10,000 repositories against 1,000, as a ratio in one run."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 3
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}
repositories:
"""
ENTRY = """\
  team-{team}/app-{number}:
    access:
      ci: push-pull
      runtime: pull
      workloads: [pull, {{tier: push, until: 2099-12-31}}]
"""


def access_file(repositories: int) -> bytes:
    entries = (ENTRY.format(team=n % 50, number=n) for n in range(repositories))
    return (HEAD + "".join(entries)).encode()


def seconds(folder: Path, repositories: int) -> float:
    """Give the CPU time of `reconcile validate`, start-up taken off."""
    file = folder / f"{repositories}.yaml"
    if not file.exists():
        file.write_bytes(access_file(repositories))
    return _cpu("validate", "-f", str(file)) - _cpu("--version")


def _cpu(*arguments: str) -> float:
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments], check=True, capture_output=True
    )
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = [(seconds(folder, 10_000), seconds(folder, 1_000)) for _ in range(ROUNDS)]
    ratio = statistics.median(big / little for big, little in pairs)
    per_item = statistics.median(big for big, _ in pairs) / 10_000
    print(f"validate 10,000 repositories: {ratio:.1f} x 1,000 (limit 11)")
    print(f"one repository: {per_item * 1e6:.0f} microseconds of CPU")


if __name__ == "__main__":
    main()
