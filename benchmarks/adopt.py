"""What an import costs: against `validate` of the file that it prints, and as it grows."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

ROUNDS = 3
SMALL, LARGE = 1_000, 4_000
WHERE = ("--account", "111122223333", "--region", "us-west-2")
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = [
    *PULL,
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
]
UNSAYABLE = ["ecr:GetAuthorizationToken"]


class Cost(NamedTuple):
    """CPU seconds of an import and of `validate`, and the most memory of the import (KiB)."""

    importing: float
    validating: float
    memory: int


def policies(repositories: int, unsayable: int = 0) -> str:
    """Make policies of three statements, with roles in forty accounts, in fifty folders."""
    random = Random(1)

    def account() -> int:
        return 444455550000 + random.randrange(40)

    def allow(names: int, actions: list[str]) -> dict[str, object]:
        roles = [f"arn:aws:iam::{account()}:role/r{random.randrange(200)}" for _ in range(names)]
        return {"Effect": "Allow", "Principal": {"AWS": roles}, "Action": actions}

    def functions() -> dict[str, object]:
        arn = f"arn:aws:lambda:us-west-2:{account()}:function:*"
        return {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": PULL[1:],
            "Condition": {"StringLike": {"aws:sourceArn": arn}},
        }

    found = {}
    for number in range(repositories):
        statements = [allow(4, PULL), allow(2, PUSH), functions()]
        if number < unsayable:
            statements.append(allow(1, UNSAYABLE))
        found[f"team-{number % 50}/app-{number}"] = {"Statement": statements}
    return json.dumps(found)


def cost(folder: Path, repositories: int, unsayable: int = 0) -> Cost:
    source, printed = folder / "policies.json", folder / "ecr_access.yaml"
    source.write_text(policies(repositories, unsayable))
    with printed.open("w") as out:
        importing = _cpu(out.fileno(), "import", "--from", str(source), *WHERE)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Cost(importing, _cpu(subprocess.DEVNULL, "validate", "-f", str(printed)), memory)


def _cpu(out: int, *arguments: str) -> float:
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        check=True,
        stdout=out,
        stderr=subprocess.DEVNULL,
    )
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = [cost(folder, SMALL) for _ in range(ROUNDS)]
        odd = [cost(folder, SMALL, unsayable=20) for _ in range(ROUNDS)]
        large = cost(folder, LARGE)
    for what, found in (("(limit 3)", small), ("where 20 of them can't be described", odd)):
        ratio = statistics.median(one.importing / one.validating for one in found)
        print(f"import of {SMALL:,} policies: {ratio:.1f} x validate of its file {what}")
    growth = large.importing / statistics.median(one.importing for one in small)
    print(f"import of {LARGE:,}: {growth:.1f} x {SMALL:,} (limit {LARGE // SMALL + 1})")
    print(f"memory for {LARGE:,}: {large.memory / small[0].memory:.1f} x {SMALL:,}")


if __name__ == "__main__":
    main()
