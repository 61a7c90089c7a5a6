"""The order of changes: each after those that it relies on, and not at all without them."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Barrier, Event, Lock, get_ident

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.execute import execute
from reconciler.apply.model import Outcome, ReaderWriter, Run
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from tests.apply.journal_making import REGISTRY, TEMPLATE, A, B, change, on_repositories, template
from tests.apply.memory import SCOPE, Memory, make_run

WRITERS = 32
MANY = [Target(f"app/n{number:03}", SCOPE) for number in range(3 * WRITERS)]
OF_REGISTRY = change(None, on_repositories(A), REGISTRY)


def run_all(
    changes: Sequence[Change], memory: Memory, run: Run | None = None
) -> tuple[Outcome, ...]:
    registries = {SCOPE: ReaderWriter(memory, memory)}
    told: list[Outcome] = []
    outcomes = execute(changes, registries, run or make_run(), told.append)
    assert [outcome.change for outcome in outcomes] == list(changes)
    assert len(told) == len(changes)
    return outcomes


def holding(*targets: Target, text: str | None = A) -> Memory:
    return Memory({target.repository: text for target in targets})


def test_the_registrys_policy_comes_first_where_the_others_rely_on_it() -> None:
    others = [replace(change(A, None, one), relies_on=(REGISTRY,)) for one in MANY]
    memory = holding(*MANY)
    outcomes = run_all([*others, OF_REGISTRY], memory)
    assert {outcome.result for outcome in outcomes} == {"applied"}
    assert memory.writes[0] == "the registry's policy (us-west-2)"


def test_it_comes_last_where_it_relies_on_the_others() -> None:
    others = [change(None, A, one) for one in MANY]
    own = replace(change(on_repositories(A), None, REGISTRY), relies_on=tuple(MANY))
    memory = holding(*MANY, text=None)
    memory.others[REGISTRY] = own.before_text
    outcomes = run_all([own, *others], memory)
    assert {outcome.result for outcome in outcomes} == {"applied"}
    assert memory.writes[-1] == "the registry's policy (us-west-2)"


def test_what_relies_on_a_failed_change_is_skipped_and_the_others_go_on() -> None:
    relying = replace(change(A, None, MANY[0]), relies_on=(REGISTRY,))
    further = replace(change(A, None, MANY[1]), relies_on=(MANY[0],))
    free = change(A, B, MANY[2])
    memory = holding(*MANY[:3])
    memory.rejects = frozenset({REGISTRY})
    outcomes = run_all([OF_REGISTRY, relying, further, free], memory)
    assert [outcome.result for outcome in outcomes] == ["failed", "skipped", "skipped", "applied"]
    assert outcomes[1].error == "relies on the registry's policy (us-west-2), which was not applied"
    assert outcomes[2].error == "relies on app/n000 (us-west-2), which was not applied"
    assert memory.writes == ["app/n002"]


@pytest.mark.parametrize("live", [None, B])
def test_what_is_in_force_already_can_be_relied_on_and_what_is_stale_can_not(
    live: str | None,
) -> None:
    relied_on = change(A, live, MANY[0])
    relying = replace(change(A, None, MANY[1]), relies_on=(MANY[0],))
    memory = Memory({MANY[0].repository: None, MANY[1].repository: A})
    outcomes = run_all([relied_on, relying], memory)
    expected = ["in-force", "applied"] if live is None else ["stale", "skipped"]
    assert [outcome.result for outcome in outcomes] == expected


def test_it_waits_until_what_it_relies_on_is_written() -> None:
    begun = Event()
    relying = [replace(change(A, None, one), relies_on=(REGISTRY,)) for one in MANY[:WRITERS]]

    def note(memory: Memory) -> None:
        if REGISTRY not in memory.others:
            assert not begun.wait(0.2)
        else:
            begun.set()

    memory = holding(*MANY)
    memory.before_write = note
    assert {o.result for o in run_all([OF_REGISTRY, *relying], memory)} == {"applied"}
    assert begun.is_set()


def test_what_is_not_in_the_plan_is_in_force() -> None:
    relying = replace(change(A, None, MANY[0]), relies_on=(REGISTRY, TEMPLATE))
    assert run_all([relying], holding(MANY[0]))[0].result == "applied"


def test_once_stopped_that_is_the_reason() -> None:
    relying = replace(change(A, None, MANY[0]), relies_on=(REGISTRY,))
    outcomes = run_all([OF_REGISTRY, relying], holding(MANY[0]), make_run(stopped=lambda: True))
    assert [(o.result, o.error) for o in outcomes] == [("skipped", "interrupted")] * 2


def test_changes_that_rely_on_each_other_run_in_their_order() -> None:
    first, second, alone = (
        replace(change(A, B, one), relies_on=(other,))
        for one, other in zip(MANY, (MANY[1], MANY[0], MANY[2]), strict=False)
    )
    memory = holding(*MANY[:3])
    outcomes = run_all([first, second, alone], memory)
    assert {outcome.result for outcome in outcomes} == {"applied"}
    assert memory.writes.index("app/n000") < memory.writes.index("app/n001")


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 11), max_size=4), st.booleans()), min_size=1, max_size=12
    )
)
def test_any_order_ends_and_nothing_begins_before_what_it_relies_on(
    parts: list[tuple[list[int], bool]],
) -> None:
    """Among all kinds of graphs, cycles too; `parts` say who relies on whom, and who fails."""
    failing = frozenset(MANY[n] for n, (_, fails) in enumerate(parts) if fails)
    changes = [
        replace(change(A, B, MANY[n]), relies_on=tuple(MANY[other] for other in others))
        for n, (others, _) in enumerate(parts)
    ]
    memory = Memory({one.target.repository: A for one in changes}, rejects=failing)
    outcomes = {o.change.target: o for o in run_all(changes, memory)}
    acyclic = not any(n in _reached(parts, n) for n in range(len(parts)))
    for made in changes:
        own, relied = outcomes[made.target], [t for t in made.relies_on if t in outcomes]
        unmet = [t for t in relied if outcomes[t].result != "applied"]
        if own.result == "skipped":
            assert unmet
            continue
        assert (own.result == "failed") == (made.target in failing)
        assert not (acyclic and unmet)
        if acyclic and own.result == "applied":
            number = memory.writes.index(made.target.repository)
            assert all(memory.writes.index(other.repository) < number for other in relied)


def _reached(parts: list[tuple[list[int], bool]], start: int) -> set[int]:
    """Return what a change relies on, directly or not."""
    seen: set[int] = set()
    left = [start]
    while left:
        for other in parts[left.pop()][0]:
            if other < len(parts) and other not in seen:
                seen.add(other)
                left.append(other)
    return seen


def test_more_changes_than_threads_may_wait_for_one() -> None:
    relied_on = change(None, template(A), TEMPLATE)
    others = [replace(change(A, None, one), relies_on=(TEMPLATE,)) for one in MANY[: 3 * WRITERS]]
    memory = holding(*MANY)
    assert {o.result for o in run_all([*others, relied_on], memory)} == {"applied"}
    assert memory.writes[0] == "the creation template payments (us-west-2)"


@pytest.mark.parametrize(("at_once", "expected"), [(3, 3), (WRITERS, WRITERS)])
def test_as_many_changes_are_worked_on_as_can_be_written_at_once(
    at_once: int, expected: int
) -> None:
    """Each write waits until `expected` are under way, and one more would not be alone in it."""
    targets = [Target(f"app/n{number:03}", SCOPE) for number in range(3 * expected)]
    memory = Memory({one.repository: A for one in targets}, writes_at_once=at_once)
    together, counting, under_way, most = Barrier(expected), Lock(), set[int](), [0]

    def note(_memory: Memory) -> None:
        with counting:
            under_way.add(get_ident())
            most[0] = max(most[0], len(under_way))
        together.wait(timeout=30)
        with counting:
            under_way.remove(get_ident())

    memory.before_write = note
    outcomes = run_all([change(A, B, one) for one in targets], memory)
    assert {outcome.result for outcome in outcomes} == {"applied"}
    assert most == [expected]
