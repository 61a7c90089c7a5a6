"""What a document lets subjects do: through whom, under which condition, and why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.actions import EVERY_ACTION, KNOWN_ACTIONS, canonical_action
from reconciler.policy.language.conditions import NO_CONDITION, Condition, parse_condition
from reconciler.policy.language.document import NotAction
from reconciler.policy.language.principals import EVERYONE, MISSING, Principal
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import caller_of
from reconciler.policy.meaning.evaluate import Verdict, evaluate
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.subjects import (
    Part,
    Subject,
    Through,
    identity_of,
    index_subjects,
    parts_by_subject,
    parts_of,
    subject_of,
    verdict_of,
)
from tests.effort import examples
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    OTHER_ACCOUNT,
    PULL,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    USER,
    Json,
    allow,
    deny,
    document,
)
from tests.policy.random_policies import policies

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/a/build-7"
PATTERN = f"arn:aws:iam::{ACCOUNT}:role/adm/*"
ORG: Json = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
OTHER_ORG: Json = {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}}
UNIT: Json = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-1/*"}}
ADMINS: Json = {"ArnLike": {"aws:PrincipalArn": PATTERN}}
FUNCTIONS: Json = {"StringLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:function:*"}}
VPC: Json = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
LAMBDA_SERVICE = Principal("Service", ("lambda.amazonaws.com",))


def subject(principal: str | Principal, when: Json | None = None) -> Subject:
    who = Principal("AWS", (principal,)) if isinstance(principal, str) else principal
    return subject_of(NamedPrincipal(who, parse_condition(when or {})))


A_ROLE, AN_ACCOUNT = subject(ROLE), subject(ROOT)


def ask(statements: list[Json], who: Subject, *actions: str) -> tuple[Part, ...]:
    return parts_of(document(*statements).statements, who, frozenset(actions or (GET,)))


@pytest.mark.parametrize(
    ("statement", "who", "verdict", "through"),
    [
        (allow(ROLE), A_ROLE, "allowed", None),
        (allow(ROLE_B), A_ROLE, "denied", None),
        (allow(ROOT), A_ROLE, "allowed", "account"),
        (allow([ROOT, ROLE]), A_ROLE, "allowed", None),
        (allow(["*", ROOT]), A_ROLE, "allowed", "account"),
        (allow("*"), A_ROLE, "allowed", "everyone"),
        (allow("*", when=ORG), A_ROLE, "depends", "organization"),
        (allow("*", when=VPC), A_ROLE, "depends", "everyone"),
        (allow(None, NotPrincipal={"AWS": [USER]}), A_ROLE, "allowed", "everyone"),
        (allow(ROOT, when=ADMINS), A_ROLE, "denied", None),
        (allow(ROOT, when=ADMINS), subject(PATTERN.replace("*", "x")), "allowed", "account"),
        (allow(ROOT), AN_ACCOUNT, "allowed", None),
        (allow(ROLE), AN_ACCOUNT, "denied", None),
        (allow(ROOT, when=ADMINS), AN_ACCOUNT, "depends", None),
        (allow(ROOT, when=ADMINS), subject(ROOT, ADMINS), "allowed", None),
        (allow(ROOT), subject(ROOT, ADMINS), "allowed", "account"),
        (allow("*", when=ORG), subject(EVERYONE, ORG), "allowed", None),
        (allow("*", when=ORG), subject(EVERYONE, UNIT), "allowed", "organization"),
        (allow("*", when=UNIT), subject(EVERYONE, ORG), "depends", "organization"),
        (allow("*", when=OTHER_ORG), subject(EVERYONE, ORG), "denied", None),
        (allow("*"), subject(EVERYONE, ORG), "allowed", "everyone"),
        (allow("*", when=ORG), subject(EVERYONE), "depends", None),
        (allow("*"), subject(EVERYONE), "allowed", None),
        (allow(LAMBDA, when=FUNCTIONS), subject(LAMBDA_SERVICE, FUNCTIONS), "allowed", None),
        (allow(LAMBDA, when=FUNCTIONS), subject(LAMBDA_SERVICE), "depends", None),
        (allow(LAMBDA), subject(LAMBDA_SERVICE, FUNCTIONS), "allowed", None),
        (allow(ROLE, when=VPC), subject(ROLE, VPC), "depends", None),
        (allow("AROAEXAMPLEID"), subject("AROAEXAMPLEID"), "allowed", None),
        (allow(None), A_ROLE, "depends", "everyone"),
    ],
)
def test_one_statement(
    statement: Json, who: Subject, verdict: Verdict, through: Through | None
) -> None:
    (part,) = ask([statement], who)
    assert (part.verdict, part.through) == (verdict, through)
    assert part.actions == {GET}


@pytest.mark.parametrize("excluded", [[ROOT], [ROOT, ROLE], ["*"]])
def test_an_account_is_its_roles_and_users(excluded: list[str]) -> None:
    shut_out = deny(None, NotPrincipal={"AWS": excluded})
    assert verdict_of(ask([allow(ROOT), shut_out], AN_ACCOUNT)) == "depends"
    assert verdict_of(ask([allow(ROOT), shut_out], subject(ROOT, ADMINS))) == "depends"


def test_nothing_decided_is_denied() -> None:
    assert verdict_of(()) == "denied"


def test_what_is_known_of_requests_counts() -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}
    named = NamedPrincipal(Principal("AWS", (ROLE,)))
    for now, verdict in [("2026-12-31T23:59:59Z", "allowed"), ("2027-01-01T00:00:00Z", "denied")]:
        who = subject_of(named, (("aws:currenttime", (now,)),))
        assert verdict_of(ask([allow(when=until)], who)) == verdict
    assert verdict_of(ask([allow(when=until)], A_ROLE)) == "depends"


@pytest.mark.parametrize("flag", ["true", "false"])
def test_services_are_known_as_such(flag: str) -> None:
    shut_out = deny("*", when={"Bool": {"aws:PrincipalIsAWSService": flag}})
    grants = [allow(ROLE), allow(LAMBDA), shut_out]
    denied = "denied" if flag == "true" else "allowed"
    assert verdict_of(ask(grants, subject(LAMBDA_SERVICE))) == denied
    assert verdict_of(ask(grants, A_ROLE)) != denied


def test_a_session_is_its_role() -> None:
    session = NamedPrincipal(Principal("AWS", (SESSION,)))
    role, other = (Principal("AWS", (arn,)) for arn in (ROLE, ROLE_B))
    known = subject_of(session, principals=[role, other, EVERYONE, LAMBDA_SERVICE])
    assert known.roles == (role,)
    assert ask([allow(ROLE)], known)[0].through is None
    assert verdict_of(ask([allow(ROLE)], subject_of(session))) == "denied"
    own = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert verdict_of(ask([allow("*", when=own)], known)) == "allowed"
    elsewhere = Principal("AWS", (ROLE.replace(ACCOUNT, OTHER_ACCOUNT),))
    assert subject_of(session, principals=[elsewhere]).roles == ()
    gov = Principal("AWS", (ROLE.replace("arn:aws:", "arn:aws-us-gov:"),))
    assert subject_of(session, principals=[gov]).roles == ()
    twice = subject_of(session, principals=[role, Principal("AWS", (ROLE.replace("/a", "/p/a"),))])
    assert verdict_of(ask([allow("*", when=own)], twice)) == "depends"


def parts(found: tuple[Part, ...]) -> list[tuple[Verdict, int | None, set[str]]]:
    return [
        (part.verdict, part.reason and part.reason.position, set(map(str, part.actions)))
        for part in found
    ]


@pytest.mark.parametrize(
    ("statements", "asked", "expected"),
    [
        ([allow(do=PULL)], [GET, PUT], [("allowed", 0, {GET}), ("denied", None, {PUT})]),
        ([allow(), allow(ROOT)], [GET], [("allowed", 0, {GET}), ("allowed", 1, {GET})]),
        ([allow(), allow("*", when=VPC)], [GET], [("allowed", 0, {GET})]),
        ([allow(do=[GET, PUT]), deny(do=PUT)], [GET, PUT],
         [("allowed", 0, {GET}), ("denied", 1, {PUT})]),
        ([allow(), deny(when=VPC)], [GET], [("depends", 0, {GET}), ("depends", 1, {GET})]),
        ([deny()], [GET], [("denied", 0, {GET})]),
        ([allow(do="ecr:*")], [EVERY_ACTION, GET], [("allowed", 0, {EVERY_ACTION})]),
        ([allow(do=sorted(KNOWN_ACTIONS))], [EVERY_ACTION, GET],
         [("allowed", 0, {GET}), ("denied", None, {EVERY_ACTION})]),
        ([allow(do="ecr:*"), deny(do=PUT)], [EVERY_ACTION, GET],
         [("allowed", 0, {GET}), ("denied", 1, {EVERY_ACTION})]),
        ([allow(do="*")], ["s3:GetObject"], [("denied", None, {"s3:GetObject"})]),
    ],
)  # fmt: skip
def test_actions_together(
    statements: list[Json], asked: list[str], expected: list[tuple[Verdict, int | None, set[str]]]
) -> None:
    assert parts(ask(statements, A_ROLE, *asked)) == expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], []),
        ([deny()], []),
        ([allow(do="ecr:*")], [("allowed", 0, {EVERY_ACTION})]),
        ([allow(do=[GET, "s3:GetObject"])],
         [("allowed", 0, {GET})]),
        ([allow(do="ecr:Put*"), deny(do="ecr:PutImage?*")],
         [("allowed", 0, {PUT, "ecr:PutLifecyclePolicy"}),
          ("denied", 1, {"ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability"})]),
        ([allow(do="ecr:Fl*"), deny(do="ecr:Fly")], []),
    ],
)  # fmt: skip
def test_what_is_allowed_at_all(
    statements: list[Json], expected: list[tuple[Verdict, int | None, set[str]]]
) -> None:
    read = document(*statements).statements if statements else ()
    found = dict(parts_by_subject(read, index_subjects([A_ROLE])))
    assert parts(found.get(A_ROLE, ())) == expected


def test_all_actions_but_some() -> None:
    read = document(allow(do=None, NotAction=[PUT])).statements
    ((_, (part,)),) = parts_by_subject(read, index_subjects([A_ROLE]))
    assert part.actions == {NotAction((PUT,))}
    assert verdict_of(ask([allow(do=None, NotAction=[PUT])], A_ROLE, GET)) == "allowed"
    assert verdict_of(ask([allow(do=None, NotAction=[PUT])], A_ROLE, PUT)) == "denied"


@pytest.mark.parametrize(
    ("principal", "when", "keys"),
    [
        (Principal("AWS", (USER,)), VPC | ORG, set()),
        (Principal("AWS", (ROOT,)), VPC | ADMINS, {"aws:principalarn"}),
        (EVERYONE, {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceVpc": "vpc-1"}},
         {"aws:principalorgid"}),
        (LAMBDA_SERVICE, FUNCTIONS, {"aws:sourcearn"}),
        (MISSING, {}, set()),
    ],
)  # fmt: skip
def test_what_identifies_a_principal(principal: Principal, when: Json, keys: set[str]) -> None:
    found: Condition = identity_of(principal, parse_condition(when))
    assert {clause.key for clause in found} == keys


def caller(who: Subject) -> Caller:
    known = caller_of(who.named.principal)
    if who == AN_ACCOUNT:
        known = known._replace(principals=(*known.principals, Principal("AWS", ("any",))))
    is_service = "true" if who.named.principal == LAMBDA_SERVICE else "false"
    return known._replace(context={**known.context, "aws:principalisawsservice": (is_service,)})


SUBJECTS = {
    who: caller(who) for who in map(subject, (ROLE, ROLE_B, USER, ROOT, f"{ROLE}b", LAMBDA_SERVICE))
}
ASKED = (GET, PUT, "ecr:PutImageTagMutability", "ecr:FlyToTheMoon", "s3:GetObject")


@examples(40)
@given(policies)
def test_it_agrees_with_the_evaluator(policy: list[Json]) -> None:
    read = document(*policy)
    actions = frozenset(map(canonical_action, ASKED))
    found = dict(parts_by_subject(read.statements, index_subjects(SUBJECTS), actions))
    for who, asking in SUBJECTS.items():
        for action in ASKED:
            expected = evaluate(read, asking, action)
            own = [p for p in found.get(who, ()) if canonical_action(action) in p.actions]
            assert {part.verdict for part in own} <= {expected.verdict}
            assert own or expected.verdict == "denied"
            reasons = {part.reason.position for part in own if part.reason}
            assert reasons == ({reason.position for reason in expected.reasons} if own else set())


@examples(40)
@given(policies, st.sampled_from([ORG, UNIT, OTHER_ORG]))
def test_members_get_no_other_answer_than_their_organization(
    policy: list[Json], when: Json
) -> None:
    """Nobody names the stranger, so a certain answer about its organization holds for it."""
    read = document(*policy)
    paths = {"aws:principalorgpaths": ("o-a1b2c3d4e5/r-1/",)} if when is UNIT else {}
    own = "o-zzzzzzzzzz" if when is OTHER_ORG else "o-a1b2c3d4e5"
    stranger = Caller((), {"aws:principalorgid": (own,), **paths})
    verdict = verdict_of(parts_of(read.statements, subject(EVERYONE, when), frozenset({GET})))
    assert verdict == "depends" or evaluate(read, stranger, GET).verdict in (verdict, "depends")


def test_nobody_is_asked() -> None:
    assert index_subjects([]).by_principal == {}
    assert list(parts_by_subject(document(allow()).statements, index_subjects([]))) == []
    assert identity_of(EVERYONE, NO_CONDITION) == NO_CONDITION
