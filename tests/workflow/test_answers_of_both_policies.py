"""Live answers over a repository's policy and the registry's own."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ArgumentError, ReconcileError, Status
from reconciler.model.answers import MatrixRow, PolicyStatement, Source
from reconciler.model.registry import LiveRegistryPolicy, ReadFailure, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.policy import (
    IS_SERVICE,
    VERSION,
    Caller,
    Document,
    PolicyScope,
    Principal,
    RegistryDocument,
    Statement,
    answers_on,
    caller_of,
    enforced,
    evaluate,
    read_condition,
    read_policy,
    read_registry_policy,
)
from reconciler.report.questions.answers import (
    how_words,
    render_answers_markdown,
    render_can,
    render_who_can,
)
from reconciler.report.questions.matrix import cell_words
from reconciler.report.text import plain
from reconciler.workflow import (
    AccessSource,
    access_matrix,
    access_of,
    access_overview,
    can,
    load,
    who_can,
)
from reconciler.workflow.file.source import Globs, selected
from reconciler.workflow.questions.asked_policies import FoundPolicies, PolicyFinder, live_policies
from tests.effort import examples
from tests.golden import NOW, live_registry
from tests.policy.making import (
    GET,
    PULL,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    ROLE_B,
    USER,
    Json,
    allow,
    deny,
    doc,
)
from tests.policy.random_policies import policies, statements

FILE = """\
version: 1
registry: {account: "111122223333", regions: [REGIONS]}
principals: {a: {role: a, account: "444455556666"}, b: {role: b, account: "444455556666"}}
repositories:
  app: {access: {a: pull}}
  "lib/*": {access: {b: pull}}
"""
ONE = load(FILE.replace("REGIONS", "us-west-2").encode(), "ecr_access.yaml", now=NOW)
TWO = load(FILE.replace("REGIONS", "us-west-2, eu-west-1").encode(), "ecr_access.yaml", now=NOW)
DENIED = ReadFailure(RuleId.ACCESS_DENIED, "ecr:GetRegistryPolicy: not allowed")
UNREAD = (
    "us-west-2: the registry's policy was not read: ecr:GetRegistryPolicy: not allowed; with "
    "'registry.policy: ignore' in the file, answers leave it out"
)
OPS = "arn:aws:iam::999900001111:role/ops"


def at(pattern: str, region: str = "us-west-2") -> str:
    return f"arn:aws:ecr:{region}:111122223333:repository/{pattern}"


def on(resource: str, statement: Json) -> Json:
    return {**statement, "Resource": resource}


def owning(*statements: Json, scope: PolicyScope | ReadFailure = "V2") -> LiveRegistryPolicy:
    return LiveRegistryPolicy(doc(*statements), scope)


NOTHING = LiveRegistryPolicy(None)
SCOPE = RegistryScope("111122223333", "us-west-2")


def live(
    policy: LiveRegistryPolicy | None = NOTHING,
    *,
    east: LiveRegistryPolicy | None = None,
    elsewhere: Mapping[str, object] | None = None,
    **repositories: object,
) -> PolicyFinder:
    """Have repositories in us-west-2 and, where there are any `elsewhere`, in eu-west-1."""
    regions = [("us-west-2", policy, repositories)]
    regions += [("eu-west-1", east, dict(elsewhere))] if elsewhere is not None else []

    def find(_: AccessSource, globs: Globs) -> list[FoundPolicies]:
        found = []
        for region, own, by_name in regions:
            chosen = {name: p for name, p in by_name.items() if selected(name, globs)}
            read = live_registry(RegistryScope("111122223333", region), chosen)
            found.append(read._replace(policy=own))
        return [live_policies(found)]

    return find


def sources(found: PolicyFinder, who: str, what: str, name: str = "app") -> list[Source | None]:
    return [answer.source for answer in can(ONE, who, what, name, found).answers]


def test_what_the_registrys_policy_gives_names_its_statement() -> None:
    found = live(
        owning(on(at("lib/*"), allow(ROLE, PULL)), on("*", allow(ROLE_B, PULL, Sid="All"))),
        app=doc(allow(ROLE, PULL)),
    )
    assert sources(found, ROLE_B, "pull") == [PolicyStatement("registry", 1, "All")]
    assert sources(found, ROLE, "pull") == [PolicyStatement("repository", 0, None)]


def test_who_can_lists_whom_the_registrys_policy_names() -> None:
    found = live(owning(on(at("a*"), allow(OPS, PULL))), app=doc(allow(ROLE, PULL)))
    answers = who_can(ONE, "pull", "app", found).answers
    assert [(a.subject.principal.names[0], a.of_registry) for a in answers] == [
        (ROLE, False),
        (OPS, True),
    ]


@pytest.mark.parametrize(
    ("own", "beside", "verdict", "source"),
    [
        ([allow(ROLE, PULL)], [deny(ROLE, GET)], "denied", PolicyStatement("registry", 0, None)),
        ([deny(ROLE, GET)], [allow(ROLE, PULL)], "denied", PolicyStatement("repository", 0, None)),
        ([allow(ROLE, PULL[:2])], [allow(ROLE, PULL[2:])], "allowed",
         PolicyStatement("repository", 0, None)),
        ([allow(ROLE_B, PULL)], [allow(ROLE_B, PULL)], "denied", None),
    ],
)  # fmt: skip
def test_both_policies_decide_together(
    own: list[Json], beside: list[Json], verdict: str, source: Source | None
) -> None:
    found = live(owning(*(on(at("app"), one) for one in beside)), app=doc(*own))
    result = can(ONE, ROLE, "pull", "app", found)
    assert (result.verdict, result.answers[0].source) == (verdict, source)


MAYBE = ["arn:aws:ecr:us-west-2*", at("${aws:PrincipalTag/team}"), "arn:aws:ecr", "arn:*app"]


@pytest.mark.parametrize("resource", MAYBE)
def test_where_it_is_open_whether_a_resource_matches_it_depends(resource: str) -> None:
    found = live(owning(on(resource, allow(ROLE, PULL, Sid="Maybe"))), app=None)
    result = can(ONE, ROLE, "pull", "app", found)
    assert result.verdict == "depends"
    (answer,) = result.answers
    assert answer.source == PolicyStatement("registry", 0, "Maybe", is_certain=False)
    assert how_words(answer) == "depends if its Resource matches"
    assert [a.verdict for a in who_can(ONE, "pull", "app", found).answers] == ["depends"]
    assert [a.verdict for a in access_of(ONE, ROLE, find=found).answers] == ["depends"]
    (row,) = access_matrix(ONE, find=found).matrix.rows
    assert words_of(row) == {ROLE: "pull? (registry)"}


@pytest.mark.parametrize("resource", MAYBE)
def test_a_deny_that_may_be_about_the_repository_makes_it_depend(resource: str) -> None:
    found = live(owning(on(resource, deny("*", GET))), app=doc(allow(ROLE, PULL)))
    result = can(ONE, ROLE, "pull", "app", found)
    assert result.verdict == "depends"
    assert how_words(result.answers[1]) == (
        "depends: a Deny through a grant to everyone denies it if its Resource matches"
    )


def test_a_certain_statement_decides_beside_one_that_may_match() -> None:
    certain, maybe = on(at("app"), allow(ROLE, PULL)), on(MAYBE[0], allow(ROLE, PULL))
    found = live(owning(certain, maybe), app=None)
    assert sources(found, ROLE, "pull") == [PolicyStatement("registry", 0, None)]
    denied = live(owning(certain, on(at("app"), deny(ROLE, GET)), maybe), app=None)
    assert can(ONE, ROLE, GET, "app", denied).verdict == "denied"


def test_a_deny_that_may_be_about_the_repository_hides_no_risk() -> None:
    beside = [on("*", allow("*", PULL)), on(MAYBE[0], deny("*", PULL))]
    seen = access_overview(ONE, live=live(owning(*beside), app=None))
    assert RuleId.PUBLIC in {risk.risk.name for risk in seen.risks}


def test_regions_differ_where_a_statement_is_certain_in_one_only() -> None:
    west, east = (
        owning(on(at("app"), allow(ROLE, PULL))),
        owning(on("arn:aws:ecr", allow(ROLE, PULL))),
    )
    found = live(west, east=east, elsewhere={"app": None}, app=None)
    told = can(TWO, ROLE, "pull", "app", found).answers
    assert {(a.region, a.verdict) for a in told} == {
        ("us-west-2", "allowed"),
        ("eu-west-1", "depends"),
    }


def test_a_managed_policy_that_is_not_known_has_another_hint() -> None:
    unread = live_registry(SCOPE, {"app": None})._replace(policy=LiveRegistryPolicy(DENIED))
    (policy,) = live_policies([unread], is_managed=True).policies
    assert policy.error_line == (
        "us-west-2: the registry's policy was not read: ecr:GetRegistryPolicy: not allowed; there "
        "is no answer without it, as the file has 'registry.policy: manage'"
    )


CREATE = "ecr:CreateRepository"


@pytest.mark.parametrize(
    ("scope", "what", "expected"),
    [
        ("V2", PUT, [PolicyStatement("registry", 0, None)]),
        ("V1", PUT, [None]),
        ("V1", CREATE, [PolicyStatement("registry", 1, None)]),
    ],
)
def test_scope_v1_enforces_three_actions(
    scope: PolicyScope, what: str, expected: list[Source | None]
) -> None:
    both = (on("*", allow(ROLE, PUT)), on("*", allow(ROLE, [PUT, CREATE])))
    found = live(owning(*both[: 1 if what == PUT else 2], scope=scope), app=None)
    assert sources(found, ROLE, what) == expected


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:us-west-2:111122223333:repository/*", at("app", "eu-west-1"), at("ap"), at("app/*")],
)
def test_a_resource_that_does_not_match_gives_nothing(resource: str) -> None:
    found = live(owning(on(resource, allow(ROLE, PULL))), app=None)
    assert can(ONE, ROLE, "pull", "app", found).verdict == "denied"
    assert access_of(ONE, ROLE, find=found).answers == ()


def test_of_has_repositories_without_a_policy_of_their_own() -> None:
    found = live(owning(on(at("lib/*"), allow(OPS, PULL))), app=None, **{"lib/x": None})
    (answer,) = access_of(ONE, OPS, find=found).answers
    assert (answer.repository, answer.tier, answer.of_registry) == ("lib/x", "pull", True)


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (LiveRegistryPolicy(DENIED), UNREAD),
        (
            LiveRegistryPolicy('{"Statement": 1}'),
            "us-west-2: the registry's policy is not understo",
        ),
        (owning(on("*", allow(ROLE, PUT)), scope=DENIED), "us-west-2: the scope of the registry's"),
    ],
)
def test_nothing_is_answered_without_the_registrys_policy(
    policy: LiveRegistryPolicy, error: str
) -> None:
    found = live(policy, app=doc(allow(ROLE, PULL)), **{"lib/x": None})
    for ask in (
        lambda: can(ONE, ROLE, "pull", "app", found),
        lambda: can(ONE, OPS, "pull", "app", found),
        lambda: who_can(ONE, "pull", "lib/x", found),
    ):
        with pytest.raises(ReconcileError) as unknown:
            ask()
        assert unknown.value.exit_code == 1
        assert unknown.value.message.startswith(error)
    held, matrix = access_of(ONE, ROLE, find=found), access_matrix(ONE, find=found)
    assert held.answers == matrix.matrix.answers() == ()
    assert held.errors == matrix.errors
    assert held.statuses == matrix.statuses == {Status.FAILED}
    (line,) = matrix.errors
    assert line.startswith(error)
    assert [row.error for row in matrix.matrix.rows] == [line.removeprefix("us-west-2: ")] * 2
    overview = access_overview(ONE, live=found)
    assert (overview.risks, overview.result.errors) == ((), (line,))


def test_an_unread_scope_that_makes_no_difference_is_no_error() -> None:
    found = live(owning(on("*", allow(ROLE, CREATE)), scope=DENIED), app=doc(allow(ROLE, PULL)))
    assert can(ONE, ROLE, CREATE, "app", found).verdict == "allowed"
    assert access_of(ONE, ROLE, find=found).errors == ()


def test_an_unread_repository_is_named_beside_the_region() -> None:
    failed = {"failure": RuleId.READ_FAILED, "message": "no connection"}
    found = live(LiveRegistryPolicy(DENIED), app=failed, **{"lib/x": None})
    assert access_matrix(ONE, find=found).errors == ("app: no connection", UNREAD)


def test_a_region_whose_registry_policy_is_unread_is_named_where_it_matters() -> None:
    own = doc(allow(ROLE, PULL))
    found = live(LiveRegistryPolicy(DENIED), east=NOTHING, elsewhere={"app": own, "lib/x": own},
                 app=own)  # fmt: skip
    held = access_of(TWO, ROLE, find=found)
    assert [(a.repository, a.region) for a in held.answers] == [
        ("app", "eu-west-1"),
        ("lib/x", "eu-west-1"),
    ]
    assert held.errors == (UNREAD,)
    with pytest.raises(ReconcileError, match="us-west-2: the registry's policy"):
        can(TWO, ROLE, "pull", "app", found)
    assert can(TWO, ROLE, "pull", "lib/x", found).verdict == "allowed"
    with pytest.raises(ArgumentError, match="no such repository"):
        can(TWO, ROLE, "pull", "lib/y", found)


@pytest.mark.parametrize(
    ("east", "regions", "verdict"),
    [
        ([on(at("*", "eu-west-1"), allow(ROLE_B, PULL[::-1]))], {None}, "allowed"),
        ([on("*", allow(ROLE_B, PULL))], {None}, "allowed"),
        ([on(at("*"), allow(ROLE_B, PULL))], {"us-west-2", "eu-west-1"}, "denied"),
        ([on("*", allow(ROLE_B, PULL)), on("*", deny(ROLE, PUT))], {"us-west-2", "eu-west-1"},
         "allowed"),
    ],
)  # fmt: skip
def test_regions_agree_where_both_policies_mean_the_same(
    east: list[Json], regions: set[str | None], verdict: str
) -> None:
    west = owning(on(at("a*"), allow(ROLE_B, PULL)))
    own = doc(allow(ROLE, PULL))
    found = live(west, east=owning(*east), elsewhere={"app": own}, app=own)
    result = can(TWO, ROLE_B, "pull", "app", found)
    assert {answer.region for answer in result.answers} == regions
    assert result.verdict == verdict


@pytest.mark.parametrize("own", [None, NOTHING, owning(on("*", allow()))])
def test_each_result_says_whether_the_registrys_policy_counts(
    own: LiveRegistryPolicy | None,
) -> None:
    found = live(own, app=doc(allow(ROLE, PULL)))
    for result in (
        can(ONE, ROLE, "pull", "app", found),
        who_can(ONE, "pull", "app", found),
        access_of(ONE, ROLE, find=found),
        access_matrix(ONE, find=found),
        access_overview(ONE, live=found).result,
    ):
        assert result.registry_policy == ("none" if own is None else "all")
    assert can(ONE, "a", "pull", "app").registry_policy == "none"


def words_of(row: MatrixRow) -> dict[str, str]:
    return {cell.subject.principal.names[0]: cell_words(cell) for cell in row.cells}


def test_what_no_apply_changes_is_desired_too() -> None:
    """Of the registry's statements none is removed, whatever its Sid; none is kept by a rule."""
    beside = [
        on("*", allow(OPS, PUT, Sid="EcrAccessPush")),
        on("*", deny(ROLE, GET)),
        on(at("other"), allow("*", PULL)),
    ]
    found = live(owning(*beside), app=doc(allow(ROLE, PULL)), other=doc(allow(ROLE_B, PUT)))
    seen = access_overview(ONE, live=found)
    assert seen.desired is not None
    (wanted,), (row, _) = seen.desired.rows, seen.result.matrix.rows
    assert (
        words_of(wanted)
        == words_of(row)
        == {
            OPS: "ecr:PutImage (registry)",
            ROLE: "ecr:BatchCheckLayerAvailability + ecr:GetDownloadUrlForLayer",
        }
    )
    assert [(r.repository, r.risk.name) for r in seen.risks] == [("other", RuleId.PUBLIC)]


def _depending(statement: Statement, certain: bool) -> Statement:
    """Return a statement; one that may not be about the repository, under an unknown condition."""
    unknown = read_condition({"StringEquals": {"aws:PrincipalTag/about-it": "yes"}})
    extra = () if certain else unknown
    return statement._replace(condition=tuple(sorted({*statement.condition, *extra})))


KNOWN = {
    "aws:currenttime": ("2026-06-01T00:00:00Z",),
    "aws:epochtime": ("2026-06-01T00:00:00Z",),
    "aws:resourceaccount": ("111122223333",),
    "aws:securetransport": ("true",),
    "aws:requestedregion": ("us-west-2",),
    IS_SERVICE: ("false",),
}
RESOURCES = ["*", at("*"), at("ap?"), at("app/*"), at("app", "*"), at("*", "eu-west-1"),
             "arn:aws:us-west-2:111122223333:repository/*", "arn:aws:ecr:us-west-2*"]  # fmt: skip
placed = st.lists(st.builds(on, st.sampled_from(RESOURCES), statements), min_size=1, max_size=4)
ASKED = (GET, PUT, CREATE, "ecr:PutImageTagMutability", "ecr:ReplicateImage")
SCOPES: list[PolicyScope] = ["V1", "V2"]


@examples(20)
@given(policies, placed, st.sampled_from(SCOPES))
def test_can_agrees_with_the_evaluator_over_the_statements_of_both(
    own: list[Json], beside: list[Json], scope: PolicyScope
) -> None:
    read, written = read_policy(doc(*own)), read_registry_policy(doc(*beside))
    assert isinstance(read, Document)
    assert isinstance(written, RegistryDocument)
    document = enforced(written, scope)
    matched = zip(document.statements, answers_on(document, REPOSITORY_ARN), strict=True)
    beside_it = [(one, answer is True) for one, answer in matched if answer is not False]
    both = Document(
        VERSION,
        (*read.statements, *(_depending(one.statement, certain) for one, certain in beside_it)),
    )
    places: list[Source] = [
        *(PolicyStatement("repository", n, None) for n in range(len(own))),
        *(PolicyStatement("registry", one.position, None, sure) for one, sure in beside_it),
    ]
    found = live(owning(*beside, scope=scope), app=doc(*own))
    for arn in (ROLE, ROLE_B, USER, OPS):
        base = caller_of(Principal("AWS", (arn,)))
        caller = Caller(base.principals, {**base.context, **KNOWN}, base.absent)
        for action in ASKED:
            result, decision = can(ONE, arn, action, "app", found), evaluate(both, caller, action)
            assert result.verdict == decision.verdict
            told = {answer.source for answer in result.answers if answer.source}
            assert told == {places[reason.position] for reason in decision.reasons}


def test_text_names_the_region_where_regions_differ() -> None:
    found = live(NOTHING, east=NOTHING, elsewhere={"app": None}, app=doc(allow(ROLE_B, PULL)))
    asked, names = ("pull", "app"), can(TWO, "a", "pull", "app").display_names
    one = can(TWO, ROLE_B, "pull", "app", found).answers
    _, west, east = render_can(one, asked, names, plain).splitlines()
    who = f"  b ({ROLE_B})"
    assert west.startswith(f"{who} (us-west-2)   allowed ")
    assert east.startswith(f"{who} (eu-west-1)   denied: nothing allows ")
    several = who_can(TWO, "pull", "app", found).answers
    _, row = render_who_can(several, asked, names, plain).splitlines()
    assert row == f"{who} (us-west-2)   allowed   Statement[0]"
    table = render_answers_markdown(several, names, "pull").splitlines()[2]
    assert table.count("us-west-2") == 1
