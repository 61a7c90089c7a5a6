"""Equal changes are told once, with the names of their repositories."""

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Change, ChangeKind, Plan, Risk
from reconciler.policy.meaning.facts import difference
from reconciler.report.plans.plan_text import render_drift, render_plan
from reconciler.report.plans.plan_view import view_drift, view_plan
from reconciler.report.text import plain
from tests.plan.making import ROLE_A
from tests.policy.making import ROLE, ROLE_B, allow, doc, facts

WEST, EAST = (RegistryScope("111122223333", region) for region in ("us-west-2", "us-east-1"))
NAMES = [f"app/r{number:02}" for number in range(12)]


def removed(
    name: str,
    who: str = ROLE,
    *,
    scope: RegistryScope = WEST,
    kind: ChangeKind = "delete",
    risks: tuple[Risk, ...] = (),
    kept: tuple[str, ...] = (),
) -> Change:
    """Take away what one principal has."""
    text = doc(allow(who))
    access = difference(facts(allow(who)), {})
    return Change(Target(name, scope), kind, access, text, None, risks, risks, access, kept)


def blocks(*changes: Change, grouped: bool = True) -> list[str]:
    """Give the blocks of a plan, without the summary."""
    view = view_plan(Plan(changes), DisplayNames())
    return render_plan(view, plain, grouped=grouped).split("\n\n")[:-1]


def test_sixty_equal_changes_are_one_block() -> None:
    (block,) = blocks(*(removed(f"app/r{number:02}") for number in range(60)))
    assert block.split("\n")[:3] == [
        f"60 repositories{' ' * 41}111122223333 us-west-2",
        f"  {', '.join(NAMES[:10])} and 50 more",
        f"  - {ROLE}   ecr:BatchGetImage",
    ]


def test_drift_is_grouped_too() -> None:
    view = view_drift(Plan((removed("a/a"), removed("a/b"))), DisplayNames())
    assert "\n  a/a, a/b\n" in render_drift(view, plain)
    assert "\na/b  " in render_drift(view, plain, grouped=False)


def test_one_by_one() -> None:
    told = blocks(*map(removed, NAMES), grouped=False)
    assert [block.split()[0] for block in told] == NAMES


@pytest.mark.parametrize(
    "other",
    [
        removed("a/b", ROLE_B),
        removed("a/b", scope=EAST),
        removed("a/b", risks=(Risk("admin", ROLE_A),)),
        removed("a/b", kept=("Theirs",)),
        removed("a/b", kind="set"),
    ],
)
def test_other_changes_stand_alone(other: Change) -> None:
    told = blocks(removed("a/a"), other, removed("a/c"))
    assert [block.split("\n")[0].split()[0] for block in told] == ["2", "a/b"]
    assert "\n  a/a, a/c\n" in told[0]


def test_whatever_is_a_risk_is_named_for_each_repository() -> None:
    risky = tuple(removed(name, risks=(Risk("admin", ROLE_A),)) for name in NAMES)
    (block,) = blocks(*risky)
    assert f"\n  {', '.join(NAMES)}\n" in block
