"""The registry that the benchmarks read: an access file, its policies, and how `reconcile` runs."""

import json
import sys
from pathlib import Path

from benchmarks.speed.fast_ecr import ACCOUNT, REGION
from benchmarks.speed.processes import environment, run

HEAD = """\
version: 1
{registries}
accounts: {{workloads: "444455556666"}}
principals:
  ci: {{role: role2-1, account: workloads}}
  runtime: {{role: role2-2, account: workloads}}
{repositories}
"""
ENTRY = "  team-{team}/app-{number}: {{access: {{ci: push-pull, runtime: pull}}}}\n"
ONE = f'registry: {{account: "{ACCOUNT}", regions: [{REGION}]}}'
DRIFT = ("drift", "-q")
ITEM = (
    '  - {{name: stage-{number}, account: "{account}", regions: ['
    + REGION
    + "], assume_role: arn:aws:iam::{account}:role/reader}}\n"
)


def access_file(repositories: int, registries: int = 1) -> str:
    """Return a file with so many repositories in each of so many registries."""
    items = (ITEM.format(number=n, account=600000000000 + n) for n in range(registries))
    head = ONE if registries == 1 else "registries:\n" + "".join(items).rstrip()
    entries = (ENTRY.format(team=n % 50, number=n) for n in range(repositories))
    section = "repositories:" if repositories else "repositories: {}"
    return HEAD.format(registries=head, repositories=section) + "".join(entries)


def reconcile(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reconciler", *arguments]


def compiled(folder: Path, repositories: int) -> dict[str, str]:
    """Return the text of each repository's policy, as `apply` would write it."""
    file = folder / "compiled.yaml"
    file.write_text(access_file(repositories))
    done = run(reconcile("compile", "-q", "-f", str(file)), folder, environment())
    return {name: json.dumps(policy) for name, policy in json.loads(done.out).items()}


def without_ci(policy: str) -> str:
    """Return a policy without what it gives the first principal of the file."""
    document = json.loads(policy)
    document["Statement"] = [s for s in document["Statement"] if "role2-1" not in json.dumps(s)]
    assert document["Statement"]
    return json.dumps(document)
