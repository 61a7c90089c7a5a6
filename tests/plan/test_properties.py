"""What holds of every plan."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Grant
from reconciler.model.registry import RepositorySettings
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import EditedRepositories, PlanInputs
from reconciler.plan.model import Change, merge_plans
from reconciler.policy.language.document import Document
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.facts import Facts, facts_of, uncovered_facts
from tests.effort import examples
from tests.plan.making import (
    ALICE,
    GONE,
    LAMBDA,
    ROLE_A,
    SCOPE,
    B,
    desired,
    grant,
    live,
    plan,
    registry,
    rules,
)
from tests.policy.making import (
    PULL,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    Json,
    allow,
    condition,
    deny,
    doc,
    facts,
)
from tests.policy.random_policies import policies, rewritten

bounded = examples(30)
KEEP = rules(default_keep=True)
randoms = st.integers(0, 2**32).map(Random)
grants = st.lists(
    st.builds(
        grant,
        st.sampled_from([ROLE_A, B, ALICE, LAMBDA, EVERYONE]),
        st.sampled_from(["pull", "push", "push-pull", "read", "lambda", "admin"]),
        st.sampled_from(
            [
                (),
                condition("StringEquals", "aws:PrincipalOrgID", "o-1"),
                condition("StringLike", "aws:PrincipalTag/team", "a", "b"),
            ]
        ),
    ),
    max_size=6,
)


@bounded
@given(grants, policies)
def test_what_a_plan_writes_is_in_sync_afterwards(wanted: list[Grant], found: list[Json]) -> None:
    asked = desired(*wanted)
    for change in plan(asked, live(*found)).changes:
        after = plan(asked, registry(app=change.after_text))
        assert (after.in_sync, after.changes, after.errors) == (1, (), ())


@bounded
@given(st.lists(st.tuples(grants, policies), max_size=4), randoms)
def test_the_order_of_the_repositories_changes_nothing(
    pairs: list[tuple[list[Grant], list[Json]]], random: Random
) -> None:
    asked = [desired(*of, repository=str(name)) for name, (of, _) in enumerate(pairs)]
    found = registry(SCOPE, **{str(name): doc(*own) for name, (_, own) in enumerate(pairs)})
    shuffled = random.sample(asked, len(asked))
    assert compute_plan(shuffled, found, KEEP) == compute_plan(asked, found, KEEP)


MISSING = "no such repository"
ASKED = [
    desired(),
    desired(grant()),
    desired(grant(), grant(Principal("AWS", (GONE,)))),
    desired(grant(), statements=[deny("*", PUT)]),
]
LIVE = [
    None,
    MISSING,
    doc(allow(ROLE, PULL)),
    doc(allow(ROLE, PULL, Resource=f"{REPOSITORY_ARN}0")),
    doc(allow(ROLE, PULL), deny("*", PUT)),
    doc(allow([ROLE, GONE], PULL)),
]


@pytest.mark.parametrize(
    "inputs",
    [
        PlanInputs(to_create={"app1": RepositorySettings()}),
        PlanInputs(edited=EditedRepositories(frozenset({"app1"}))),
    ],
)
def test_a_repository_is_planned_as_it_is_alone(inputs: PlanInputs) -> None:
    for pair in product(product(ASKED, LIVE), repeat=2):
        asked = [one._replace(repository=f"app{n}") for n, (one, _) in enumerate(pair)]
        found = [{} if text == MISSING else {f"app{n}": text} for n, (_, text) in enumerate(pair)]
        together = registry(**{**found[0], **found[1]})
        alone = [
            compute_plan([one], registry(**own), inputs)
            for one, own in zip(asked, found, strict=True)
        ]
        assert compute_plan(asked, together, inputs) == merge_plans(alone)


@bounded
@given(grants, policies, randoms)
def test_order_and_spelling_change_nothing(
    wanted: list[Grant], found: list[Json], random: Random
) -> None:
    first = plan(desired(*wanted), live(*found))
    again = plan(desired(*random.sample(wanted, k=len(wanted))), live(*rewritten(found, random)))
    assert [change.access for change in again.changes] == [c.access for c in first.changes]
    assert [change.after_text for change in again.changes] == [
        change.after_text for change in first.changes
    ]
    assert (again.in_sync, again.live_grants) == (first.in_sync, first.live_grants)


@bounded
@given(grants, policies, policies)
def test_under_keep_nothing_of_others_is_lost(
    wanted: list[Grant], theirs: list[Json], ours: list[Json]
) -> None:
    marked = [{**statement, "Sid": "EcrAccessOld"} for statement in ours]
    unmarked = [{**statement, "Sid": "Theirs"} for statement in theirs]
    for change in plan(desired(*wanted), live(*marked, *unmarked), KEEP).changes:
        assert uncovered_facts(facts(*unmarked), by=_after(change)) == {}
        assert set(change.kept) == ({"Theirs"} if theirs else set())


def _after(change: Change) -> Facts:
    after = change.target.read(change.after_text)
    assert isinstance(after, Document)
    return facts_of(after.statements)
