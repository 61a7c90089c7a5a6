"""Comparing by meaning against DeepDiff on the same policies, and planning what is in sync."""

import gc
import json
import random
import statistics
import tracemalloc
from collections.abc import Callable
from time import process_time

from deepdiff import DeepDiff

from reconciler.model.access import Desired, Grant
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope
from reconciler.plan.compute import PlanInputs, compute_plan
from reconciler.policy.language.document import read_policy
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import same_meaning
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS

SCOPE = RegistryScope("111122223333", "us-west-2")
STATEMENTS = 50


def policy() -> dict[str, object]:
    tiers = list(BUILT_IN_TIERS.items())
    statements = [
        {
            "Sid": f"S{n}",
            "Effect": "Allow",
            "Principal": {
                "AWS": [f"arn:aws:iam::444455556666:role/team-{n}-{m}" for m in range(4)]
            },
            "Action": sorted(tiers[n % len(tiers)][1]),
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": f"o-{n:010}"}},
        }
        for n in range(STATEMENTS)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def shuffled(document: dict[str, object], chance: random.Random) -> dict[str, object]:
    copy = json.loads(json.dumps(document))
    for statement in copy["Statement"]:
        chance.shuffle(statement["Action"])
        chance.shuffle(statement["Principal"]["AWS"])
    chance.shuffle(copy["Statement"])
    return copy


def seconds(work: Callable[[], object], times: int) -> float:
    start = process_time()
    for _ in range(times):
        work()
    return (process_time() - start) / times


def compare() -> None:
    left = policy()
    right = shuffled(left, random.Random(1))
    texts = json.dumps(left), json.dumps(right)
    documents = read_policy(texts[0]), read_policy(texts[1])
    assert same_meaning(*documents)
    rounds = [
        (
            seconds(lambda: same_meaning(*documents), 20),
            seconds(lambda: same_meaning(read_policy(texts[0]), read_policy(texts[1])), 20),
            seconds(lambda: DeepDiff(left, right, ignore_order=True), 2),
        )
        for _ in range(5)
    ]
    compared = statistics.median(theirs / ours for ours, _, theirs in rounds)
    with_reading = statistics.median(theirs / ours for _, ours, theirs in rounds)
    print(f"compare two policies of {STATEMENTS} statements, in another order on each side:")
    print(f"  DeepDiff takes {compared:.0f} x as long (limit 20)")
    print(f"  {with_reading:.0f} x as long where reading both from their JSON text counts, too")


def registry(repositories: int) -> tuple[list[Desired], LiveRegistry]:
    wanted, live = [], {}
    for n in range(repositories):
        grants = tuple(
            Grant(
                Principal("AWS", (f"arn:aws:iam::444455556666:role/{tier}-{n % 97}",)),
                None, tier, BUILT_IN_TIERS[tier], (),
            )
            for tier in ("pull", "push-pull", "read")
        )  # fmt: skip
        wanted.append(Desired(f"team/app-{n}", grants))
    without = {d.repository: LiveRepository(d.repository, None) for d in wanted}
    empty = LiveRegistry(SCOPE, (), without)
    for change in compute_plan(wanted, empty, PlanInputs()).changes:
        document = shuffled_text(json.loads(change.after_text or ""))
        live[change.target.repository] = LiveRepository(change.target.repository, document)
    return wanted, LiveRegistry(SCOPE, tuple(sorted(live)), live)


def shuffled_text(document: dict[str, object]) -> str:
    chance = random.Random(2)
    for statement in document["Statement"]:
        chance.shuffle(statement["Action"])
    chance.shuffle(document["Statement"])
    return json.dumps(document, indent=2)


def planned(wanted: list[Desired], live: LiveRegistry) -> tuple[float, int]:
    """Give the seconds of CPU, and the peak of memory in bytes."""
    tracemalloc.start()  # first: later plans find what this one has kept
    assert not compute_plan(wanted, live, PlanInputs()).changes
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds(lambda: compute_plan(wanted, live, PlanInputs()), 1), peak


def plan() -> None:
    gc.disable()  # as the command does
    _, small = planned(*registry(1_000))
    spent, large = planned(*registry(10_000))
    print(f"plan 10,000 repositories in sync: {spent:.2f} s of one core (limit 3)")
    print(f"  memory: {large / small:.1f} x that for 1,000 (limit 10)")


if __name__ == "__main__":
    compare()
    plan()
