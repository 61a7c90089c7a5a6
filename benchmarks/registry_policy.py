"""An organization's pull on 1,000 repositories: by the registry's policy, and by each repository's.

Both give the same access. What differs is the number of changes, calls and characters.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from reconciler.sandbox.server import Sandbox

REPOSITORIES = 1_000
FILE = """\
version: 1
registry: {{account: "111122223333", regions: [us-west-2], policy: {policy}}}
principals: {{organization: {{organization: o-a1b2c3d4e5}}}}
repositories:
  "*": {{{via}access: {{organization: pull}}}}
"""
WAYS = {"registry": ("manage", "via: registry-policy, "), "repositories": ("ignore", "")}
WRITES = ("SetRepositoryPolicy", "PutRegistryPolicy")


class Figures(NamedTuple):
    """What one way takes; `seconds` are those of the whole processes."""

    changes: int
    writes: int
    calls: int
    characters: int
    plan_seconds: float
    apply_seconds: float


def run(ecr: Sandbox, folder: Path, *arguments: str) -> tuple[float, str]:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**os.environ, **ecr.environment()},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return time.monotonic() - begun, done.stdout


def measure(policy: str, via: str) -> Figures:
    """Plan and apply one way on a registry of its own."""
    names = [f"team-{number % 50}/app-{number}" for number in range(REPOSITORIES)]
    with Sandbox() as ecr, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in names:
            ecr.create_repository(one)
        (folder / "ecr_access.yaml").write_text(FILE.format(policy=policy, via=via))
        plan_seconds, text = run(ecr, folder, "plan", "--format", "json")
        begun = len(ecr.calls())
        apply_seconds, _ = run(ecr, folder, "apply", "--yes", "--journal", "journal")
        done = Counter(call.name for call in ecr.calls()[begun:])
        written = [ecr.registry_policy_text(), *map(ecr.policy_text, names)]
    return Figures(
        len(json.loads(text)["changes"]),
        sum(done[operation] for operation in WRITES),
        done.total(),
        sum(len(json.dumps(json.loads(policy))) for policy in written if policy),
        plan_seconds,
        apply_seconds,
    )


def main() -> None:
    one, many = (measure(*WAYS[way]) for way in ("registry", "repositories"))
    print(f"an organization's pull on {REPOSITORIES:,} repositories, by the registry's policy")
    print("and by the repositories' policies:")
    print(f"  changes: {one.changes} and {many.changes:,}")
    print(f"  writes: {one.writes} and {many.writes:,}")
    print(f"  calls of apply: {one.calls:,} and {many.calls:,}")
    print(f"  characters of policies: {one.characters:,} and {many.characters:,}")
    print(f"  plan: {many.plan_seconds / one.plan_seconds:.1f} x the time")
    print(f"  apply: {many.apply_seconds / one.apply_seconds:.1f} x the time")


if __name__ == "__main__":
    main()
