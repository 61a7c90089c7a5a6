"""Rolling back the registry's own policy and creation templates, and in which order."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from reconciler.apply.execute import execute
from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.model import Done, ReaderWriter
from reconciler.apply.rollback import Rollback, plan_rollback
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.checks.guards import check_lock_out, check_public
from reconciler.policy import MAX_POLICY_CHARACTERS
from tests.apply.journal_making import (
    APP,
    NOON,
    REGISTRY,
    SCOPE,
    TEMPLATE,
    A,
    B,
    begin,
    change,
    end,
    journal,
    on_repositories,
    policy,
    template,
)
from tests.apply.memory import Memory, make_run
from tests.apply.test_rollback import CASES, RESHUFFLED, UNREADABLE, accounts

Texts = Mapping[Target, str | ReadFailure | None]


def live_registry(texts: Texts) -> LiveRegistry:
    """Return a registry in which exactly these were read."""
    repositories = {
        target.repository: LiveRepository(target.repository, text)
        for target, text in texts.items()
        if target.subject == "repository-policy"
    }
    template = texts.get(TEMPLATE)
    templates = () if template is None else (template,)
    return LiveRegistry(
        SCOPE,
        tuple(sorted(repositories)),
        repositories,
        policy=LiveRegistryPolicy(texts[REGISTRY], "V2") if REGISTRY in texts else None,
        templates=template
        if isinstance(template, ReadFailure)
        else tuple(read_template(one) for one in templates if isinstance(one, str))
        if TEMPLATE in texts
        else None,
    )


def rolled(writes: tuple[JournaledWrite, ...] | bytes, live: Texts) -> Rollback:
    writes = read_journal(writes) if isinstance(writes, bytes) else writes
    return plan_rollback(writes, [live_registry(live)], NOON + timedelta(hours=1))


def of(target: Target, text: str | None) -> str | None:
    """Return a text of a target whose policy says what a repository's does."""
    if target == TEMPLATE:
        return None if text is None else template(text)
    return text if text in (None, "", "{", UNREADABLE, RESHUFFLED) else on_repositories(text)


@pytest.mark.parametrize("target", [REGISTRY, TEMPLATE], ids=["registry", "template"])
@pytest.mark.parametrize(("writes", "live", "expected"), CASES)
def test_it_is_as_for_a_repository(
    target: Target,
    writes: list[tuple[str | None, str | None, str]],
    live: str | None,
    expected: str,
) -> None:
    made = [(of(target, before), of(target, after), ending) for before, after, ending in writes]
    text = of(target, live)
    found = rolled(journal(made, target), {target: text})
    told = [finding.rule for finding in found.plan.findings]
    assert found.plan.in_sync == 0
    if expected in ("in sync", "not-written", "changed-since"):
        assert found.plan.changes == ()
        assert (expected in told) == (expected != "in sync")
        assert found.left_alone == ((target,) if expected == "changed-since" else ())
        return
    (change,) = found.plan.changes
    kind, _, after = expected.partition(" ")
    is_new = target == TEMPLATE and live is None
    assert change.change == ("create" if is_new else kind)
    assert change.before_text == text
    # In a template, an empty policy is none.
    assert target.same(change.after_text, of(target, None if after == "None" else after))


def test_a_template_that_is_made_again_has_all_that_it_had() -> None:
    whole = template(A, "CREATE_ON_PUSH", lifecyclePolicy='{"rules":[]}', description="theirs")
    found = rolled(journal([(whole, None, "applied")], TEMPLATE), {TEMPLATE: None})
    (made,) = found.plan.changes
    assert (made.change, made.after_text) == ("create", whole)


@pytest.mark.parametrize("ending", ["applied", "killed"])
def test_a_template_that_was_made_is_removed_where_it_is_as_written(ending: str) -> None:
    new = template(A)
    lines = journal([(None, new, ending)], TEMPLATE)
    plan = rolled(lines, {TEMPLATE: new}).plan
    assert ([c.change for c in plan.changes], plan.findings) == (["delete"], ())
    others = template(A, description="changed by hand")
    found = rolled(lines, {TEMPLATE: others})
    assert (found.plan.changes, found.left_alone) == ((), (TEMPLATE,))
    (finding,) = found.plan.findings
    assert finding.message == (
        "another writer has changed the template since; the rollback does not change it"
    )


@pytest.mark.parametrize(
    ("target", "live"),
    [
        (target, {target: ReadFailure(rule, "no")})
        for target in (REGISTRY, TEMPLATE)
        for rule in (RuleId.ACCESS_DENIED, RuleId.THROTTLED)
    ],
)
def test_what_can_not_be_read_is_an_error(target: Target, live: Texts) -> None:
    found = rolled(journal([(of(target, A), of(target, B), "applied")], target), live)
    (error,) = found.plan.errors
    assert (error.target, error.message) == (target, "no")
    assert found.plan.changes == ()


@pytest.mark.parametrize("target", [REGISTRY, TEMPLATE], ids=["registry", "template"])
def test_what_was_not_read_is_an_error(target: Target) -> None:
    found = rolled(journal([(of(target, A), of(target, B), "applied")], target), {})
    assert [error.message for error in found.plan.errors] == ["it was not read"]


def test_access_is_told_with_the_repositories_that_it_is_about() -> None:
    old, new = on_repositories(A), on_repositories(A, "mobile/*")
    (made,) = rolled(journal([(old, new, "applied")], REGISTRY), {REGISTRY: new}).plan.changes
    told = {str(access.on): (len(access.gained), len(access.lost)) for access in made.access}
    assert told == {"payments/*": (1, 0), "mobile/*": (0, 1)}


PUBLIC = policy("BatchGetImage", who="*")


@pytest.mark.parametrize("target", [REGISTRY, TEMPLATE], ids=["registry", "template"])
@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [(PUBLIC, B, True), (PUBLIC, None, True), (A, PUBLIC, False), (UNREADABLE, B, True)],
)
def test_nobody_is_let_in_unless_allowed(
    target: Target, old: str, new: str | None, refused: bool
) -> None:
    text = of(target, new)
    lines = journal([(of(target, old), text, "applied")], target)
    changes = rolled(lines, {target: text}).plan.changes
    assert len(changes) == 1
    refusals = list(check_public(changes, frozenset()))
    assert [(r.guard, r.target) for r in refusals] == [(RuleId.PUBLIC, target)] * refused
    allowed = {"payments/*"} if old == PUBLIC or target == TEMPLATE else {"*"}
    assert not list(check_public(changes, allowed))


def test_a_public_statement_on_more_repositories_is_refused() -> None:
    old, new = on_repositories(PUBLIC, "*"), on_repositories(PUBLIC)
    changes = rolled(journal([(old, new, "applied")], REGISTRY), {REGISTRY: new}).plan.changes
    assert [r.guard for r in check_public(changes, frozenset())] == [RuleId.PUBLIC]


def test_the_caller_is_not_locked_out_of_the_registry() -> None:
    caller = "arn:aws:iam::111122223333:user/ci"
    deny = {"Effect": "Deny", "Principal": {"AWS": caller}, "Action": "ecr:*", "Resource": "*"}
    old, new = json.dumps({"Statement": [deny]}), on_repositories(B)
    changes = rolled(journal([(old, new, "applied")], REGISTRY), {REGISTRY: new}).plan.changes
    (refusal,) = check_lock_out(changes, frozenset(), lambda _scope: caller)
    assert refusal.guard == RuleId.LOCK_OUT


@pytest.mark.parametrize("target", [REGISTRY, TEMPLATE], ids=["registry", "template"])
@pytest.mark.parametrize(("number", "fits"), [(500, True), (800, False)])
def test_an_old_policy_is_made_to_fit(target: Target, number: int, fits: bool) -> None:
    long = accounts(number, "arn:aws:iam::{}:root")
    old, new = of(target, long), of(target, B)
    if target == REGISTRY:
        old = json.dumps(json.loads(old or ""), indent=8)
    found = rolled(journal([(old, new, "applied")], target), {target: new})
    if not fits:
        (error,) = found.plan.errors
        assert error.rule == RuleId.POLICY_TOO_LARGE
        assert f"has {len(target.policy_of(old) or ''):,} characters" in error.message
        return
    (made,) = found.plan.changes
    assert len(target.policy_of(made.after_text) or "") <= MAX_POLICY_CHARACTERS
    assert target.same(made.after_text, old)


def test_a_deleted_principal_is_told() -> None:
    old, new = on_repositories(policy("PutImage", who="AROAEXAMPLEEXAMPLEID")), on_repositories(B)
    found = rolled(journal([(old, new, "applied")], REGISTRY), {REGISTRY: new})
    assert [finding.rule for finding in found.plan.findings] == [RuleId.DEAD_PRINCIPAL]


APPS = tuple(Target(f"payments/n{number}", SCOPE) for number in range(3))


def moved(*, to_registry: bool) -> tuple[bytes, dict[Target, str | None]]:
    """Return the journal of a grant that moved to the registry's policy or back, and what is live.

    Another repository, under another name, lost the same grant for good.
    """
    before: dict[Target, str | None] = dict.fromkeys((*APPS, Target("tools/x", SCOPE)), A)
    before[REGISTRY] = None
    after: dict[Target, str | None] = {**dict.fromkeys(before), REGISTRY: on_repositories(A)}
    if not to_registry:
        before, after = after, before
    changes = [change(before[target], after[target], target) for target in before]
    return b"".join(begin(one) + end(one) for one in changes), after


def test_access_comes_back_to_the_repositories_before_it_goes_from_the_registry() -> None:
    lines, live = moved(to_registry=True)
    changes = {c.target: c.relies_on for c in rolled(lines, live).plan.changes}
    assert changes == {**dict.fromkeys(live, ()), REGISTRY: APPS}


def test_access_comes_back_to_the_registry_before_it_goes_from_the_repositories() -> None:
    lines, live = moved(to_registry=False)
    changes = {c.target: c.relies_on for c in rolled(lines, live).plan.changes}
    assert changes == {**dict.fromkeys(live, ()), **dict.fromkeys(APPS, (REGISTRY,))}


@pytest.mark.parametrize("to_registry", [True, False])
def test_at_no_time_has_anybody_lost_the_access(to_registry: bool) -> None:
    lines, live = moved(to_registry=to_registry)
    plan = rolled(lines, live).plan
    memory = Memory({t.repository: live[t] for t in (*APPS, Target("tools/x", SCOPE))})
    memory.others[REGISTRY] = live[REGISTRY]
    lost: list[str] = []

    def check(memory: Memory) -> None:
        if memory.others[REGISTRY] is None:
            lost.extend(t.repository for t in APPS if memory.policies[t.repository] is None)

    memory.after_write = check
    outcomes = execute(
        plan.changes, {SCOPE: ReaderWriter(memory, memory)}, make_run(), lambda _: None
    )
    assert ({outcome.result for outcome in outcomes}, lost) == ({"applied"}, [])
    assert memory.writes[0 if not to_registry else -1] == str(REGISTRY)


def test_a_registry_policy_that_is_not_understood_is_no_reason_to_wait() -> None:
    lines = journal([(A, None, "applied")], APP) + journal([(A, UNREADABLE, "applied")], REGISTRY)
    found = rolled(lines, {APP: None, REGISTRY: UNREADABLE})
    assert [c.target for c in found.plan.changes] == [REGISTRY, APP]


def test_without_a_change_of_the_registrys_policy_nothing_waits() -> None:
    lines, live = moved(to_registry=True)
    del live[REGISTRY]
    writes = [write for write in read_journal(lines) if write.target != REGISTRY]
    assert all(not c.relies_on for c in rolled(tuple(writes), live).plan.changes)


def test_what_was_begun_only_is_no_change() -> None:
    lines = begin(change(of(TEMPLATE, A), of(TEMPLATE, B), TEMPLATE))
    (write,) = read_journal(lines)
    assert write.written is Done.UNKNOWN
    assert rolled(lines, {TEMPLATE: of(TEMPLATE, A)}).plan.changes == ()
