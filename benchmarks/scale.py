"""How `validate` grows: 10,000 repositories against 1,000, as a ratio in one run."""

import statistics
from datetime import date
from time import process_time

from reconciler.access.load import load_access

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


def seconds(content: bytes) -> float:
    start = process_time()
    loaded = load_access(content, "ecr_access.yaml", today=date(2026, 1, 1))
    assert loaded.access is not None, loaded.problems[:3]
    return process_time() - start


def main() -> None:
    small, large = access_file(1_000), access_file(10_000)
    seconds(small)
    pairs = [(seconds(large), seconds(small)) for _ in range(ROUNDS)]
    ratio = statistics.median(big / little for big, little in pairs)
    per_item = statistics.median(big for big, _ in pairs) / 10_000
    print(f"validate 10,000 repositories: {ratio:.1f} x 1,000 (limit 11)")
    print(f"one repository: {per_item * 1e6:.0f} microseconds of CPU")


if __name__ == "__main__":
    main()
