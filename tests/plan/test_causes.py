"""What of a plan is of an edit, and what is drift that the earlier version would repair as well."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.registry import RepositorySettings
from reconciler.plan.causes import CausedAccess, ChangeCause
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.edits.find_causes import find_causes, split_access
from reconciler.plan.model import Plan
from reconciler.policy import (
    AccessChange,
    Facts,
    HeldFacts,
    Holder,
    Holdings,
    RegistryFacts,
    difference,
    registry_difference,
    registry_facts_of,
    uncovered_facts,
)
from tests.effort import examples
from tests.plan.making import OVER, ROLE_A, UNTIL, B, desired, grant, live, plan, registry
from tests.plan.test_templates import having, live_template, wanted
from tests.policy.making import GET, PUT, ROLE, Json, allow, facts
from tests.policy.random_policies import policies
from tests.policy.random_registries import PREFIX, at, read_registry, registry_policies

bounded = examples(60)
OF_ONE = st.lists(
    st.builds(
        lambda do, when: allow(do=do, when=when),
        st.lists(st.sampled_from([GET, PUT, "ecr:Put*", "ecr:*"]), min_size=1, max_size=3),
        st.sampled_from([None, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}]),
    ),
    min_size=1,
    max_size=6,
)
"""Policies of one principal, in which statements often cover each other."""
Parts = list[tuple[ChangeCause, Holdings, Holdings]]


def subsets(of: st.SearchStrategy[list[Json]]) -> st.SearchStrategy[tuple[list[Json], ...]]:
    """Draw what is live, what the earlier version asks for, and what is desired: they overlap."""
    return of.flatmap(lambda found: st.tuples(*[st.lists(st.sampled_from(found), max_size=5)] * 3))


def meaning(statements: Iterable[Json]) -> Facts:
    found = [*statements]
    return facts(*found) if found else {}


def meaning_in_registry(statements: Iterable[Json]) -> RegistryFacts:
    found = [*statements]
    return registry_facts_of(read_registry(found).statements, PREFIX) if found else {}


def causes(parts: Iterable[CausedAccess]) -> set[ChangeCause]:
    return {part.cause for part in parts}


def single(changes: Iterable[AccessChange]) -> list[tuple[object, ...]]:
    """List what is gained and lost as single facts."""
    return [
        (one.on, one.principal, one.effect, side, holding.condition, action)
        for one in changes
        for side, holdings in (("gained", one.gained), ("lost", one.lost))
        for holding in holdings
        for action in holding.actions
    ]


@bounded
@given(subsets(policies | OF_ONE))
def test_the_parts_of_a_change_together_are_the_change(drawn: tuple[list[Json], ...]) -> None:
    found, base, asked = map(meaning, drawn)
    changes = difference(found, asked)
    parts = split_access(changes, difference(found, base))
    apart = single(part.access for part in parts)
    assert len(apart) == len(set(apart))
    assert set(apart) == set(single(changes))


@bounded
@given(subsets(policies | OF_ONE))
def test_the_drift_is_repaired_first_and_the_edit_follows(drawn: tuple[list[Json], ...]) -> None:
    found, base, asked = map(meaning, drawn)
    changes = difference(found, asked)
    parts = iter(split_access(changes, difference(found, base)))
    for change in changes:
        first = next(parts)
        if first.access == change:
            continue
        second = next(parts)
        assert (first.cause, second.cause) == ("drift", "edit")
        assert first.access.before == change.before
        assert first.access.after == second.access.before
        assert second.access.after == change.after
        for part in (first.access, second.access):
            assert difference(held(part, part.before), held(part, part.after)) == (part,)
    assert next(parts, None) is None


def held(change: AccessChange, holdings: Holdings) -> Facts:
    return {Holder(change.principal, change.effect, one.condition): one.actions for one in holdings}


@bounded
@given(subsets(policies | OF_ONE))
def test_drift_is_what_the_earlier_version_brings_about(drawn: tuple[list[Json], ...]) -> None:
    found, base, asked = map(meaning, drawn)
    for part in split_access(difference(found, asked), difference(found, base)):
        gained, lost = held(part.access, part.access.gained), held(part.access, part.access.lost)
        if part.cause == "drift":
            assert uncovered_facts(gained, by=base) == {}
            assert uncovered_facts(lost, by=base) == lost
        else:
            assert uncovered_facts(gained, by=base) == gained
            assert uncovered_facts(lost, by=base) == {}


@bounded
@given(subsets(policies | OF_ONE))
def test_without_drift_all_is_of_the_edit_and_without_an_edit_all_is_drift(
    drawn: tuple[list[Json], ...],
) -> None:
    found, asked, _ = map(meaning, drawn)
    changes = difference(found, asked)
    assert split_access(changes, ()) == tuple(CausedAccess(one, "edit") for one in changes)
    assert split_access(changes, changes) == tuple(CausedAccess(one, "drift") for one in changes)


@bounded
@given(subsets(registry_policies))
def test_in_the_registrys_policy_wider_patterns_count(drawn: tuple[list[Json], ...]) -> None:
    found, base, asked = map(meaning_in_registry, drawn)
    changes = registry_difference(found, asked)
    of_base = registry_difference(found, base)
    parts = split_access(changes, of_base)
    apart = single(part.access for part in parts)
    assert len(apart) == len(set(apart))
    assert set(apart) == set(single(changes))
    by_base = HeldFacts(base)
    for part in parts:
        assert part.access.on is not None
        after = by_base.on(part.access.on)
        gained = held(part.access, part.access.gained)
        lost = held(part.access, part.access.lost)
        is_drift = part.cause == "drift"
        assert uncovered_facts(gained, by=after) == ({} if is_drift else gained)
        assert uncovered_facts(lost, by=after) == (lost if is_drift else {})
    assert causes(split_access(changes, changes)) <= {"drift"}
    assert causes(split_access(changes, ())) <= {"edit"}


def test_what_the_earlier_version_gives_by_a_wider_pattern_is_drift() -> None:
    def on(name: str, **statement: object) -> RegistryFacts:
        return meaning_in_registry([allow(Resource=at(name), **statement)])

    changes = registry_difference({}, on("a*"))
    by_wider = split_access(changes, registry_difference({}, on("*", do="ecr:*")))
    by_narrower = split_access(changes, registry_difference({}, on("app")))
    assert (causes(by_wider), causes(by_narrower)) == ({"drift"}, {"edit"})
    changes = registry_difference(on("a*"), {})
    narrowed = split_access(changes, registry_difference(on("a*"), on("app")))
    kept = split_access(changes, registry_difference(on("a*"), on("*")))
    assert (causes(narrowed), causes(kept)) == ({"drift"}, {"edit"})


def test_one_principal_can_have_both_causes() -> None:
    # By hand, PutImage was added; the edit takes GetDownloadUrlForLayer away.
    found, base, asked = facts(allow(do=[GET, PUT])), facts(allow(do=GET)), meaning([])
    parts = split_access(difference(found, asked), difference(found, base))
    assert [(part.cause, sorted(*(one.actions for one in part.access.lost))) for part in parts] == [
        ("drift", [PUT]),
        ("edit", [GET]),
    ]
    drift, edit = (part.access for part in parts)
    assert (drift.kind, edit.kind) == ("narrowed", "revoked")
    assert drift.after == edit.before


def test_what_a_removed_pattern_covered_stays_between() -> None:
    # ecr:Put* was added by hand, and covers PutImage, which the file keeps; the edit removes GET.
    found, base, asked = (facts(allow(do=do)) for do in (["ecr:Put*", GET], [PUT, GET], PUT))
    drift, edit = split_access(difference(found, asked), difference(found, base))
    assert drift.access.after == edit.access.before == difference({}, base)[0].after
    assert edit.access.after == difference({}, asked)[0].after


def caused(now: Plan, base: Plan) -> dict[str, tuple[ChangeCause, ChangeCause | None]]:
    """Return the causes of each change, whole and beside access, by repository."""
    found = find_causes(now.changes, base.changes)
    return {target.repository: (one.whole, one.beside) for target, one in found.items()}


def test_an_expired_grant_is_drift_unless_the_edit_ends_it() -> None:
    ended = grant(ROLE_A, until=UNTIL)
    found = live(
        allow(do=[*grant().actions], when={OVER[0].operator: {OVER[0].key: "2026-01-31T00:00:00Z"}})
    )
    now = plan(desired(expired=[ended]), found)
    assert caused(now, now) == {"app": ("drift", None)}
    assert caused(now, plan(desired(ended), found)) == {"app": ("edit", None)}


def test_a_policy_that_is_not_understood_is_replaced_for_the_first_file_that_manages_it() -> None:
    found = registry(app='{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}')
    now = plan(desired(grant()), found)
    assert caused(now, Plan()) == {"app": ("edit", "edit")}
    assert caused(now, now) == {"app": ("drift", "drift")}
    assert caused(now, plan(desired(grant(B)), found)) == {"app": ("both", "drift")}


def test_a_repository_to_create_is_of_the_version_that_creates_it() -> None:
    def creating(**settings: bool) -> Plan:
        made = PlanInputs(to_create={"app": RepositorySettings(**settings)})
        return plan(desired(grant()), registry(), made)

    now = creating(scan_on_push=True)
    assert caused(now, plan(desired(grant()), registry())) == {"app": ("edit", "edit")}
    assert caused(now, creating(scan_on_push=True)) == {"app": ("drift", "drift")}
    assert caused(now, creating()) == {"app": ("both", "both")}


def test_a_templates_own_fields_have_a_cause() -> None:
    asked = wanted(grant())
    policy = allow(ROLE, sorted(grant().actions))

    def of_templates(*live_ones: object, wants: Iterable[object]) -> Plan:
        inputs = PlanInputs(templates=tuple(wants))  # type: ignore[arg-type]
        return compute_plan([], having(*live_ones), inputs)  # type: ignore[arg-type]

    events = asked._replace(applied_for=("CREATE_ON_PUSH", "REPLICATION"))
    found = live_template(policy)
    unchanged, wider = (of_templates(found, wants=[one]) for one in (asked, events))
    assert unchanged.changes == ()
    assert caused(wider, unchanged) == {"payments": ("edit", "edit")}
    assert caused(wider, wider) == {"payments": ("drift", "drift")}
    other = asked._replace(applied_for=("REPLICATION",))
    assert caused(wider, of_templates(found, wants=[other])) == {"payments": ("both", "both")}
    only_access = of_templates(live_template(), wants=[asked])
    assert caused(only_access, unchanged) == {"payments": ("edit", None)}
    new = of_templates(wants=[asked])
    assert caused(new, new) == {"payments": ("drift", "drift")}
    assert caused(new, Plan()) == {"payments": ("edit", "edit")}


def test_a_template_that_goes_is_of_the_edit_unless_the_earlier_version_has_none() -> None:
    ours = live_template(allow(), description="Managed by reconcile")
    inputs = PlanInputs(templates=())
    gone = compute_plan([], having(ours), inputs)
    assert caused(gone, gone) == {"payments": ("drift", "drift")}
    base = compute_plan([], having(ours), PlanInputs(templates=(wanted(grant(B)),)))
    assert caused(gone, base)["payments"][1] == "edit"
