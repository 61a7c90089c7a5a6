"""Rolling back: what is put back, what is left alone, and who might be let in by it."""

import json
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.model import Done
from reconciler.apply.rollback import MergedWrites, Rollback, merge_writes, plan_rollback
from reconciler.model.registry import (
    LiveRegistry,
    LiveRepository,
    ReadFailure,
    RegistryScope,
    RepositorySettings,
    Target,
)
from reconciler.plan.checks.guards import check_public
from reconciler.plan.model import Plan
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS
from reconciler.policy.meaning.facts import same_meaning
from tests.apply.journal_making import (
    APP,
    NAME,
    NOON,
    A,
    B,
    C,
    X,
    begin,
    change,
    end,
    journal,
    policy,
)

UNREADABLE = '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Sid":["a","b"]}]}'
RESHUFFLED = '{"Statement":{"Sid":["b","a"],"Effect":"Maybe"},"Version":"2012-10-17"}'
MISSING = ReadFailure("missing-repository", "no such repository")


def reshuffled(text: str) -> str:
    """Write a policy as the service would give it back."""
    return json.dumps(dict(reversed(json.loads(text).items())), indent=2)


def rolled(
    writes: tuple[JournaledWrite, ...] | bytes,
    live: str | ReadFailure | None,
    target: Target = APP,
    now: datetime = NOON + timedelta(hours=1),
) -> Rollback:
    if isinstance(writes, bytes):
        writes = read_journal(writes)
    name = target.repository
    registry = LiveRegistry(target.scope, (name,), {name: LiveRepository(name, live)})
    return plan_rollback(writes, [registry], now)


def result_of(found: Rollback) -> str:
    """Return what the plan does, or the rule of what it reports instead."""
    plan = found.plan
    if plan.changes:
        assert (plan.errors, plan.in_sync, found.left_alone) == ((), 0, ())
        (made,) = plan.changes
        return f"{made.change} {made.after_text}"
    if plan.errors:
        (error,) = plan.errors
        return error.rule
    if found.left_alone:
        assert found.left_alone == (APP,)
        (finding,) = plan.findings
        assert "the rollback does not change it" in finding.message
        return finding.rule
    assert plan.in_sync == 1
    told = [finding.rule for finding in plan.findings if finding.rule == "not-written"]
    return told[0] if told else "in sync"


CASES: list[tuple[list[tuple[str | None, str | None, str]], str | None, str]] = [
    # one write that was done
    ([(A, B, "applied")], B, f"set {A}"),
    ([(A, B, "applied")], A, "in sync"),
    ([(A, B, "applied")], X, "changed-since"),
    ([(A, B, "applied")], None, "changed-since"),
    ([(None, B, "applied")], B, "delete None"),
    ([(None, B, "applied")], None, "in sync"),
    ([(A, None, "applied")], None, f"set {A}"),
    ([(A, None, "applied")], A, "in sync"),
    ([(A, None, "applied")], X, "changed-since"),
    # one that may have been
    ([(A, B, "killed")], B, f"set {A}"),
    ([(A, B, "killed")], A, "in sync"),
    ([(A, B, "killed")], X, "changed-since"),
    ([(A, B, "doubtful")], B, f"set {A}"),
    ([(A, B, "doubtful")], A, "in sync"),
    ([(A, B, "doubtful")], X, "changed-since"),
    # one that was not, as the run says
    ([(A, B, "refused")], A, "in sync"),
    ([(A, B, "refused")], X, "in sync"),
    ([(A, B, "refused")], B, "not-written"),
    # several runs, each after the other
    ([(A, B, "applied"), (B, C, "applied")], C, f"set {A}"),
    ([(A, B, "applied"), (B, C, "applied")], A, "in sync"),
    ([(A, B, "applied"), (B, C, "applied")], B, "changed-since"),
    ([(A, B, "applied"), (B, C, "killed")], C, f"set {A}"),
    ([(A, B, "applied"), (B, C, "killed")], B, f"set {A}"),
    ([(A, B, "applied"), (B, C, "killed")], A, "in sync"),
    ([(A, B, "applied"), (B, C, "killed")], X, "changed-since"),
    ([(A, B, "applied"), (B, C, "refused")], B, f"set {A}"),
    ([(A, B, "applied"), (B, C, "refused")], C, "changed-since"),
    ([(A, B, "refused"), (A, C, "applied")], C, f"set {A}"),
    # killed, and then run again
    ([(A, B, "killed"), (A, B, "applied")], B, f"set {A}"),
    ([(A, B, "killed"), (A, C, "applied")], C, f"set {A}"),
    ([(A, B, "killed"), (B, C, "applied")], C, f"set {A}"),
    ([(A, B, "applied"), (B, X, "killed"), (B, C, "applied")], C, f"set {A}"),
    ([(A, B, "applied"), (B, X, "killed"), (B, C, "killed")], B, f"set {A}"),
    ([(A, B, "applied"), (B, X, "killed"), (B, C, "killed")], X, "changed-since"),
    ([(A, B, "applied"), (X, X, "killed"), (B, C, "applied")], C, f"set {B}"),
    ([(A, B, "killed"), (B, C, "killed")], B, f"set {A}"),
    ([(A, B, "killed"), (B, C, "killed")], C, f"set {A}"),
    # somebody else in between
    ([(A, B, "applied"), (X, C, "applied")], C, f"set {X}"),
    ([(A, B, "applied"), (X, C, "applied")], X, "in sync"),
    ([(A, B, "applied"), (X, C, "applied")], A, "changed-since"),
    ([(A, B, "applied"), (X, C, "killed")], B, "changed-since"),
    ([(A, B, "applied"), (X, C, "killed")], X, "in sync"),
    ([(X, A, "applied"), (A, B, "applied"), (A, C, "applied")], C, f"set {A}"),
    # rolled back already
    ([(A, B, "applied"), (B, A, "applied")], A, "in sync"),
    ([(A, B, "applied"), (B, A, "applied"), (A, B, "applied")], B, f"set {A}"),
    # what is not understood
    ([(UNREADABLE, B, "applied")], B, f"set {UNREADABLE}"),
    ([(UNREADABLE, B, "applied")], RESHUFFLED, "in sync"),
    ([(A, B, "applied")], UNREADABLE, "changed-since"),
    ([(A, UNREADABLE, "applied")], RESHUFFLED, f"set {A}"),
    ([(None, UNREADABLE, "applied")], RESHUFFLED, "delete None"),
    ([(A, UNREADABLE, "applied"), (RESHUFFLED, B, "applied")], B, f"set {A}"),
    ([("{", B, "applied")], B, "set {"),
    ([("", B, "applied")], B, "set "),
]


@pytest.mark.parametrize(("writes", "live", "expected"), CASES)
def test_what_is_done(
    writes: list[tuple[str | None, str | None, str]], live: str | None, expected: str
) -> None:
    found = rolled(journal(writes), live)
    assert result_of(found) == expected
    for made in found.plan.changes:
        assert made.before_text == live


@pytest.mark.parametrize(("live", "expected"), [(B, f"set {A}"), (A, "in sync")])
def test_policies_are_known_again_in_other_words(live: str, expected: str) -> None:
    assert result_of(rolled(journal([(A, B, "applied")]), reshuffled(live))) == expected


def test_a_chain_holds_in_other_words() -> None:
    lines = journal([(A, B, "applied"), (reshuffled(B), C, "applied")])
    assert result_of(rolled(lines, C)) == f"set {A}"


@given(
    st.lists(
        st.tuples(st.sampled_from([B, C, X]), st.booleans(), st.booleans(), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_undisturbed_the_first_policy_comes_back(
    runs: list[tuple[str, bool, bool, bool]],
) -> None:
    """Whatever was killed when: where nobody else writes, what was there first is put back."""
    live, lines = A, b""
    for number, (after, done, told, repeated) in enumerate(runs):
        made, run = change(live, after), f"run-{number}"
        lines += begin(made, run) * (2 if repeated else 1)
        live = after if done else live
        if told:
            lines += end(made, run, "applied" if done else "failed")
    found = rolled(lines, live)
    result = found.plan.changes[0].after_text if found.plan.changes else live
    assert found.left_alone == ()
    assert result == A


@given(
    st.lists(
        st.tuples(*[st.sampled_from([None, A, B, C])] * 2, st.sampled_from(Done)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([None, A, B, C, X]),
)
def test_only_a_policy_that_was_replaced_is_put_back(
    parts: list[tuple[str | None, str | None, Done]], live: str | None
) -> None:
    writes = tuple(
        JournaledWrite("r", NOON, "", APP, None, "set", before, after, written)
        for before, after, written in parts
    )
    found = rolled(writes, live)
    for made in found.plan.changes:
        done = [w for w in writes if w.written is not Done.NO]
        assert made.after_text in {w.before for w in done}
        assert live in {w.after for w in done}
        assert made.after_text != live
    assert len(found.plan.changes) + found.plan.in_sync + len(found.left_alone) == 1


def test_merged_writes() -> None:
    writes = read_journal(journal([(X, A, "applied"), (A, B, "applied"), (B, C, "killed")]))
    assert merge_writes(APP, writes) == MergedWrites(X, (C, B), created=False, unknown_since=NOON)
    assert merge_writes(APP, read_journal(journal([(A, B, "refused")]))) is None


SETTINGS = RepositorySettings()


@pytest.mark.parametrize(
    ("after", "live", "expected"),
    [
        (B, B, "delete None"),
        (B, None, "in sync"),
        (B, X, "changed-since"),
        (B, MISSING, "in sync"),
        (None, None, "in sync"),
        (None, X, "changed-since"),
        (None, MISSING, "in sync"),
    ],
)
@pytest.mark.parametrize("ended", [True, False])
def test_a_repository_that_was_made_stays(
    after: str | None, live: str | ReadFailure | None, expected: str, ended: bool
) -> None:
    made = change(None, after, settings=SETTINGS)
    found = rolled(begin(made) + (end(made) if ended else b""), live)
    assert result_of(found) == expected
    told = [finding.message for finding in found.plan.findings if finding.rule == "created"]
    assert len(told) == (expected == "delete None" or (expected == "in sync" and live is None))
    assert all("it is kept" in message for message in told)


@pytest.mark.parametrize(
    ("ending", "live", "expected"),
    [
        ("applied", MISSING, "missing-repository"),
        ("killed", MISSING, "missing-repository"),
        ("refused", MISSING, "in sync"),
        ("applied", ReadFailure("access-denied", "no"), "access-denied"),
        ("refused", ReadFailure("access-denied", "no"), "access-denied"),
    ],
)
def test_what_can_not_be_read(ending: str, live: ReadFailure, expected: str) -> None:
    assert result_of(rolled(journal([(A, B, ending)]), live)) == expected


def test_it_is_told_as_access() -> None:
    found = rolled(journal([(A, B, "applied")]), B)
    (made,) = found.plan.changes
    (access,) = made.access
    assert [list(h.actions) for h in access.gained] == [["ecr:PutImage"]]
    assert [list(h.actions) for h in access.lost] == [["ecr:ListImages"]]
    assert (made.granted, made.revoked, made.lasting) == (1, 1, made.access)


def test_what_is_risky_is_marked() -> None:
    found = rolled(journal([(policy("*"), None, "applied")]), None)
    (made,) = found.plan.changes
    assert {risk.name for risk in made.risks} == {"admin", "can-rewrite", "new-account"}


def test_what_lambda_loses_is_marked() -> None:
    statement = {**json.loads(A)["Statement"][0], "Principal": {"Service": "lambda.amazonaws.com"}}
    lambdas = json.dumps({"Statement": [{**statement, "Action": "ecr:BatchGetImage"}]})
    (made,) = rolled(journal([(A, lambdas, "applied")]), lambdas).plan.changes
    assert [(r.name, r.why) for r in made.risks if r.name.startswith("lambda")] == [
        ("lambda-loses-access", "")
    ]


PUBLIC = policy("BatchGetImage", who="*")
PUBLIC_TOO = policy("BatchGetImage", "PutImage", who="*")
_DENY = {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}
DENIED = json.dumps({"Statement": [*json.loads(PUBLIC)["Statement"], _DENY]})
A_DENIED = json.dumps({"Statement": [*json.loads(A)["Statement"], _DENY]})


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (PUBLIC, B, True),
        (PUBLIC, None, True),
        (PUBLIC_TOO, PUBLIC, True),
        (PUBLIC, PUBLIC_TOO, False),
        (PUBLIC, DENIED, True),
        (A, A_DENIED, False),
        (A, PUBLIC, False),
        (None, PUBLIC, False),
        (A, B, False),
        (UNREADABLE, B, True),
        (PUBLIC, UNREADABLE, True),
        (A, UNREADABLE, False),
        (None, UNREADABLE, False),
    ],
)
def test_nobody_is_let_in_unless_allowed(old: str | None, new: str | None, refused: bool) -> None:
    changes = rolled(journal([(old, new, "applied")]), new).plan.changes
    assert len(changes) == 1
    refusals = list(check_public(changes, frozenset()))
    assert len(refusals) == refused
    assert all((r.guard, r.target.repository) == ("public", NAME) for r in refusals)
    assert not list(check_public(changes, frozenset({NAME})))
    assert not list(check_public(changes, frozenset({"payments/*"})))


def test_doubts_are_named() -> None:
    found = rolled(journal([(UNREADABLE, B, "applied")]), B)
    assert [f.rule for f in found.plan.findings] == ["unreadable-policy"]
    found = rolled(journal([(policy("PutImage", who="AROAEXAMPLEEXAMPLEID"), B, "applied")]), B)
    (finding,) = found.plan.findings
    assert finding.rule == "dead-principal"
    assert "AROAEXAMPLEEXAMPLEID, a deleted role; AWS may reject" in finding.message


def accounts(number: int, spelt: str) -> str:
    """Allow many accounts, in a policy as the service gives it back."""
    who = [spelt.format(f"{100_000_000_000 + n}") for n in range(number)]
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "ecr:BatchGetImage"}
    return json.dumps({"Statement": [statement], "Version": "2012-10-17"}, indent=8)


@pytest.mark.parametrize(
    ("number", "spelt", "fits"),
    [
        (100, "{}", True),
        (300, "{}", True),
        (600, "arn:aws:iam::{}:root", True),
        (800, "arn:aws:iam::{}:root", False),
        (600, "arn:aws:iam::{}:role/x", False),
        (600, "arn:aws-cn:iam::{}:root", False),
    ],
)
def test_an_old_policy_is_made_to_fit(number: int, spelt: str, fits: bool) -> None:
    old = accounts(number, spelt)
    found = rolled(journal([(old, B, "applied")]), B)
    if not fits:
        assert result_of(found) == "policy-too-large"
        assert "10,240" in found.plan.errors[0].message
        return
    (made,) = found.plan.changes
    assert made.after_text is not None
    assert len(made.after_text) <= MAX_POLICY_CHARACTERS
    assert same_meaning(APP.read(made.after_text), APP.read(old))
    assert (made.after_text == old) == (len(old) <= MAX_POLICY_CHARACTERS)


@pytest.mark.parametrize(
    "old",
    [
        "x" * 10_241,
        '{"a": ' + " " * 10_240 + "1.50}",
        '{"a": 1, ' + " " * 10_240 + '"a": 2}',
        '{"Statement": [1, {"Principal": {"AWS": [{}]}}], "x": "' + "y" * 10_240 + '"}',
        '{"Statement": 1, "x": "' + "y" * 10_240 + '"}',
        '["' + "y" * 10_240 + '"]',
    ],
)
def test_what_is_not_understood_must_fit_as_it_is(old: str) -> None:
    assert result_of(rolled(journal([(old, B, "applied")]), B)) == "policy-too-large"


def test_what_is_not_understood_may_lose_its_blanks() -> None:
    old = UNREADABLE.replace(",", "," + " " * 10_240)
    (made,) = rolled(journal([(old, B, "applied")]), B).plan.changes
    assert made.after_text == UNREADABLE


@pytest.mark.parametrize(
    ("ending", "live", "minutes", "told"),
    [
        ("killed", A, 4, True),
        ("killed", A, 6, False),
        ("killed", B, 4, False),
        ("applied", A, 4, False),
        ("refused", A, 4, False),
    ],
)
def test_a_write_that_may_still_be_on_its_way_is_told(
    ending: str, live: str, minutes: int, told: bool
) -> None:
    found = rolled(journal([(A, B, ending)]), live, now=NOON + timedelta(minutes=minutes))
    messages = [f.message for f in found.plan.findings if f.rule == "unsettled-write"]
    assert bool(messages) is told
    assert all("write of 12:00:00 UTC is unknown" in message for message in messages)


def test_registries_are_apart() -> None:
    scopes = [
        RegistryScope(account, region)
        for account, region in product(("111122223333", "222233334444"), ("eu-west-1", "us-west-2"))
    ]
    targets = [Target(NAME, scope) for scope in scopes]
    lines = b"".join(journal([(A, B, "applied")], target) for target in targets)
    live = [
        LiveRegistry(scope, (NAME,), {NAME: LiveRepository(NAME, text)})
        for scope, text in zip(scopes, (B, X, A, B), strict=True)
    ]
    found = plan_rollback(read_journal(lines), live, NOON)
    assert [made.target for made in found.plan.changes] == [targets[0], targets[3]]
    assert found.left_alone == (targets[1],)
    assert found.plan.in_sync == 1


def test_nothing_is_nothing() -> None:
    assert plan_rollback((), [], NOON) == Rollback(Plan(), ())
