"""What holds of every import: the plan after it is empty, and it is the same each time."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.layout.canonical import canonical
from tests.adopt.making import Own, Policies, applied, body, imported, plan_of, registry
from tests.adopt.random_registries import owns, registries, usual_registries
from tests.effort import examples

bounded = examples(20)
randoms = st.integers(0, 2**32).map(Random)
NAMES = {"444455556666": "workloads", "777788889999": "staging"}


def shuffled(policies: Policies, random: Random) -> Policies:
    """The same policies with their statements, and the lists in them, in another order."""
    return {
        name: policies[name]
        if not isinstance(policies[name], list)
        else _shuffled(policies[name], random)
        for name in random.sample(sorted(policies), k=len(policies))
    }


def _shuffled(value: object, random: Random) -> object:
    if isinstance(value, list):
        return [_shuffled(one, random) for one in random.sample(value, k=len(value))]
    if isinstance(value, dict):
        keys = random.sample(sorted(value), k=len(value))
        return {key: _shuffled(value[key], random) for key in keys}
    return value


@bounded
@given(registries, st.booleans(), st.one_of(st.none(), owns, owns))
def test_the_plan_after_an_import_is_empty(policies: Policies, flat: bool, own: Own | None) -> None:
    live = registry(policies, own=own)
    found = imported(policies, NAMES, flat=flat, own=own)
    plan = plan_of(found.text, live)
    assert not plan.errors
    left_out = {one.repository for one in found.notes.left_out}
    assert {target.repository for target in plan.unmanaged} == left_out
    assert {*found.repositories, *left_out} == set(policies)
    with_dead = {name for one in found.notes.dead for name in one.repositories}
    changed = {change.target for change in plan.changes}
    named = {
        "the registry's policy" if t.subject == "registry-policy" else t.repository for t in changed
    }
    assert "creation-template" not in {target.subject for target in changed}
    assert named <= with_dead
    for change in plan.changes:
        gone = {access.principal.names[0][:4] for access in change.access}
        assert (gone, change.granted) == ({"AROA"}, 0)
    if own is not None and own.policy and not found.notes.unmanaged:
        assert "policy: manage" in found.text


@bounded
@given(registries, st.booleans(), st.one_of(st.none(), owns))
def test_an_imported_file_is_in_its_canonical_layout(
    policies: Policies, flat: bool, own: Own | None
) -> None:
    text = imported(policies, NAMES, flat=flat, own=own).text
    assert canonical(text, "file") == text


@bounded
@given(registries, registries, st.booleans(), st.one_of(st.none(), owns))
def test_a_canonical_file_stays_so_with_what_an_import_adds(
    policies: Policies, more: Policies, flat: bool, own: Own | None
) -> None:
    first = imported(policies, NAMES, flat=flat).text
    text = imported({**more, **policies}, NAMES, into=first, own=own).text
    assert canonical(text, "file") == text


@bounded
@given(usual_registries, st.booleans())
def test_importing_what_was_imported_and_applied_results_in_the_same_file(
    policies: Policies, flat: bool
) -> None:
    first = imported(policies, NAMES, flat=flat)
    after = applied(first.text, registry(policies))
    again = imported(
        {n: one.policy_text for n, one in after.repositories.items()}, NAMES, flat=flat
    )
    assert body(again.text) == body(first.text)


@bounded
@given(registries, st.booleans(), randoms)
def test_shuffled_policies_result_in_the_same_bytes(
    policies: Policies, flat: bool, random: Random
) -> None:
    other = shuffled(policies, random)
    assert imported(other, NAMES, flat=flat).text == imported(policies, NAMES, flat=flat).text


@bounded
@given(registries, registries, st.one_of(st.none(), owns))
def test_an_import_into_an_imported_file_describes_the_rest(
    policies: Policies, more: Policies, own: Own | None
) -> None:
    first, every = imported(policies, NAMES, flat=True), {**more, **policies}
    merged = imported(every, NAMES, into=first.text, own=own)
    left_out = {one.repository for one in merged.notes.left_out}
    assert sorted([*first.repositories, *merged.repositories, *left_out]) == sorted(every)
    plan = plan_of(merged.text, registry(every, own=own))
    dead = [*first.notes.dead, *merged.notes.dead]
    with_dead = {name for one in dead for name in one.repositories}
    if "the registry's policy" in with_dead:
        with_dead.add("*")
    assert {change.target.repository for change in plan.changes} <= with_dead


@bounded
@given(usual_registries)
def test_names_groups_and_patterns_change_no_access(policies: Policies) -> None:
    named, flat = imported(policies, NAMES), imported(policies, flat=True)
    live = registry(policies)
    assert plan_of(named.text, live).changes == plan_of(flat.text, live).changes
