"""How many role principals fit into one policy, against one statement for each principal."""

from collections.abc import Callable, Sequence
from itertools import combinations, count

from reconciler.model.access import Grant, grant_facts
from reconciler.policy.compile import compile_policy
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS
from reconciler.policy.language.json_text import minified
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS

TIERS = {**BUILT_IN_TIERS, "scan": frozenset({"ecr:DescribeImageScanFindings"})}
MIXES = {
    "one tier": [("pull",)],
    "three tiers": [("pull",), ("push-pull",), ("read",)],
    "every combination of four": [
        mix for n in (1, 2, 3, 4) for mix in combinations(("pull", "push", "lambda", "scan"), n)
    ],
}


def grants(mixes: Sequence[tuple[str, ...]], principals: int) -> list[Grant]:
    made = []
    for number in range(principals):
        arn = f"arn:aws:iam::{444455556666 + number % 10}:role/workload-{number:04}"
        for tier in mixes[number % len(mixes)]:
            made.append(Grant(Principal("AWS", (arn,)), None, tier, TIERS[tier], ()))
    return made


def plain(given: list[Grant]) -> str:
    """Write one statement for each principal, as most scripts do."""
    statements = [
        {
            "Sid": f"Access{number}",
            "Effect": "Allow",
            "Principal": {"AWS": holder.principal.names[0]},
            "Action": sorted(map(str, actions)),
        }
        for number, (holder, actions) in enumerate(grant_facts(given).items())
    ]
    return minified({"Version": "2012-10-17", "Statement": statements})


def ours(given: list[Grant]) -> str:
    return compile_policy(grant_facts(given), [], TIERS) or ""


def most(mixes: Sequence[tuple[str, ...]], write: Callable[[list[Grant]], str]) -> int:
    """Find the most principals whose policy still fits."""
    too_many = next(n for n in count(1) if len(write(grants(mixes, n))) > MAX_POLICY_CHARACTERS)
    return too_many - 1


def main() -> None:
    for name, mixes in MIXES.items():
        fit, fit_plain = most(mixes, ours), most(mixes, plain)
        print(f"{name}: {fit} roles fit, {fit_plain} plainly ({fit / fit_plain:.1f} x)")


if __name__ == "__main__":
    main()
