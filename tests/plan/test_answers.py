"""Questions about access: who is listed, in which order, and what each answer says."""

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.answers import Answer, Matrix, PolicyStatement
from reconciler.plan.answers import (
    SourcedPolicy,
    WhyUnknown,
    access_matrix,
    access_of,
    access_words,
    can,
    question_of,
    who_can,
)
from reconciler.policy import (
    BUILT_IN_TIERS,
    EVERYONE,
    KNOWN_ACTIONS,
    NamedPrincipal,
    Principal,
    Subject,
    Verdict,
    index_subjects,
    service_principal,
    subject_of,
    verdict_of,
)
from reconciler.policy.language.conditions import parse_condition
from reconciler.report.questions.matrix import cell_words
from tests.policy.making import (
    GET,
    LAMBDA,
    PULL,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    Json,
    allow,
    deny,
    document,
)

ORG: Json = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
VPC: Json = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
NAMES = DisplayNames()
PUSH = sorted(BUILT_IN_TIERS["push"])
EVERY = sorted(BUILT_IN_TIERS["push-pull"])


def subject(arn: str, name: str | None = None) -> Subject:
    return subject_of(NamedPrincipal(Principal("AWS", (arn,)), name=name))


A, B, ACCOUNT = subject(ROLE, "a"), subject(ROLE_B, "b"), subject(ROOT, "account")
MEMBERS = subject_of(NamedPrincipal(EVERYONE, parse_condition(ORG), "members"))
TIER = question_of(BUILT_IN_TIERS["pull"], "pull")
PUSH_PULL = question_of(BUILT_IN_TIERS["push-pull"], "push-pull")


def policy(*statements: Json, name: str = "app", region: str | None = None) -> SourcedPolicy:
    read = document(*statements).statements if statements else ()
    sources = tuple(PolicyStatement("repository", n, s.sid) for n, s in enumerate(read))
    return SourcedPolicy(name, read, sources, region)


Told = tuple[str | None, str | None, Verdict, int | None]


def told(answers: tuple[Answer, ...]) -> list[Told]:
    """Who, which tier, the verdict, and the position of the statement."""
    return [
        (answer.subject.name, answer.tier, answer.verdict, position(answer)) for answer in answers
    ]


def position(answer: Answer) -> int | None:
    return answer.source.position if isinstance(answer.source, PolicyStatement) else None


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], []),
        ([allow(ROLE, PULL)], [("a", "pull", "allowed", 0)]),
        ([allow(ROLE, PULL[:2])], []),
        ([allow(ROLE, EVERY)], [("a", "pull", "allowed", 0)]),
        ([allow(ROLE, PULL), deny(ROLE, GET)], []),
        ([allow(ROLE, PULL), deny(ROLE, GET, VPC)],
         [("a", None, "depends", 0), ("a", None, "depends", 1)]),
        ([allow(ROOT, PULL), allow(ROLE, PULL)],
         [("a", "pull", "allowed", 1), ("a", "pull", "allowed", 0), ("b", "pull", "allowed", 0),
          ("account", "pull", "allowed", 0)]),
        ([allow("*", PULL, ORG)],
         [("a", "pull", "depends", 0), ("b", "pull", "depends", 0),
          ("account", "pull", "depends", 0), ("members", "pull", "allowed", 0)]),
    ],
)  # fmt: skip
def test_who_can(statements: list[Json], expected: list[Told]) -> None:
    everyone = index_subjects([A, B, ACCOUNT, MEMBERS])
    assert told(who_can(policy(*statements), everyone, TIER, NAMES)) == expected


def test_a_tier_from_several_statements() -> None:
    both = policy(allow(ROLE, PULL), allow(ROOT, PUSH, VPC))
    answers = can(both, A, PUSH_PULL, NAMES)
    assert told(answers) == [("a", None, "depends", 1), ("a", "pull", "allowed", 0)]
    assert answers[0].actions == BUILT_IN_TIERS["push"] - BUILT_IN_TIERS["pull"]
    assert answers[0].through == "account"
    assert answers[0].conditions == parse_condition(VPC)
    assert verdict_of(answers) == "depends"


def test_what_is_denied_and_what_is_not() -> None:
    answers = can(policy(allow(ROLE, PULL), deny(ROLE, PUT)), A, PUSH_PULL, NAMES)
    assert told(answers) == [
        ("a", None, "denied", None),
        ("a", None, "denied", 1),
        ("a", "pull", "allowed", 0),
    ]
    assert [answer.effect for answer in answers] == ["Allow", "Deny", "Allow"]
    assert answers[1].actions == {PUT}
    assert verdict_of(answers) == "denied"


def test_nothing_concerns_a_stranger() -> None:
    (answer,) = can(policy(allow(ROLE, PULL)), B, TIER, NAMES)
    assert (answer.verdict, answer.source, answer.actions) == ("denied", None, frozenset(PULL))


def test_an_action_has_no_tier() -> None:
    question = question_of([PUT])
    (answer,) = can(policy(allow(ROLE, EVERY), region="us-west-2"), A, question, NAMES)
    assert (answer.tier, answer.actions, answer.region) == (None, {PUT}, "us-west-2")


@pytest.mark.parametrize(
    ("do", "verdict"), [("ecr:*", "allowed"), (sorted(KNOWN_ACTIONS), "denied")]
)
def test_a_pattern_is_all_that_it_matches(do: object, verdict: Verdict) -> None:
    admin = question_of(BUILT_IN_TIERS["admin"], "admin")
    answers = can(policy(allow(ROLE, do)), A, admin, NAMES)
    assert verdict_of(answers) == verdict
    assert answers[0].actions == {"ecr:*"}


def test_a_tier_is_asked_without_idle_actions() -> None:
    assert question_of([GET, "ecr:GetAuthorizationToken"], "own").actions == {GET}
    idle = question_of(["ecr:GetAuthorizationToken"], "idle")
    assert verdict_of(can(policy(allow(ROLE, "*")), A, idle, NAMES)) == "denied"


def test_what_a_principal_has() -> None:
    policies = [
        policy(allow(ROLE, PULL), allow("*", PUSH, ORG), name="one"),
        policy(allow(ROLE_B, PULL), name="other"),
        policy(allow(ROLE, EVERY), deny(ROLE, PUT), name="third"),
    ]
    answers = access_of(policies, [A], NAMES)
    assert [(a.repository, a.tier, a.verdict) for a in answers] == [
        ("one", None, "depends"),
        ("one", "pull", "allowed"),
        ("third", None, "allowed"),
    ]
    assert answers[2].actions == BUILT_IN_TIERS["push-pull"] - {PUT}


def cells(matrix: Matrix) -> dict[str, list[tuple[str | None, str, str, str | None]]]:
    return {
        row.repository: [(c.subject.name, c.allowed, c.depends, c.through) for c in row.cells]
        for row in matrix.rows
    }


def test_the_matrix() -> None:
    unnamed = subject(f"{ROLE}x")
    policies = [
        policy(allow(ROLE, EVERY), allow("*", PULL, ORG), deny(ROLE, PUT, VPC), name="one"),
        policy(allow(ROOT, PULL), allow(ROLE_B, PUSH, VPC), name="other"),
        policy(deny("*"), name="shut"),
        SourcedPolicy("unread", error=WhyUnknown("access denied")),
        policy(allow("*", PULL, ORG), deny(ROLE, GET, VPC), name="xorg"),
    ]
    matrix = access_matrix(policies, [A, B, MEMBERS, subject("AROAEXAMPLEID"), unnamed], NAMES)
    assert cells(matrix) == {
        "one": [
            ("a", "push-pull without ecr:PutImage", "push", None),
            ("members", "pull", "", None),
        ],
        "other": [
            ("a", "pull", "", "account"),
            ("b", "pull", "push", None),
            (None, "pull", "", "account"),
        ],
        "shut": [],
        "unread": [],
        "xorg": [("members", "pull", "", None)],
    }
    assert [s.name for s in matrix.subjects] == ["a", "b", "members", None]
    assert matrix.rows[3].error == "access denied"
    assert {answer.repository for answer in matrix.answers()} == {"one", "other", "xorg"}


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (PULL, "pull"),
        ([*PULL, PUT], "pull + ecr:PutImage"),
        ([*BUILT_IN_TIERS["read"] - {"ecr:ListImages"}], "read without ecr:ListImages"),
        ([*(BUILT_IN_TIERS["read"] | {*PUSH}) - {"ecr:ListImages"}],
         "push-pull + read without ecr:ListImages"),
        ([GET, "ecr:ListImages", "ecr:DescribeImages", "ecr:TagResource"],
         "ecr:BatchGetImage + ecr:DescribeImages + ecr:ListImages + ecr:TagResource"),
        ([GET, "ecr:ListImages", "ecr:DescribeImages"],
         "ecr:BatchGetImage + ecr:DescribeImages + ecr:ListImages"),
    ],
)  # fmt: skip
def test_actions_in_words(actions: list[str], words: str) -> None:
    tiers = NAMES.tiers_of(A.named.principal)
    assert access_words(frozenset(actions), tiers) == words


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        (SourcedPolicy("app"), None),
        (SourcedPolicy("app", error=WhyUnknown("not allowed")), "app: not allowed"),
        (
            SourcedPolicy("app", region="us-west-2", error=WhyUnknown("not allowed")),
            "app (us-west-2): not allowed",
        ),
        (
            SourcedPolicy("app", error=WhyUnknown("the registry's policy …", "us-west-2")),
            "us-west-2: the registry's policy …",
        ),
    ],
)
def test_an_error_names_the_repository_or_the_region(
    policy: SourcedPolicy, line: str | None
) -> None:
    assert policy.error_line == line


CELLS: list[tuple[list[str], list[Json], str, bool]] = [
    (PULL, [], "pull", False),
    ([], [allow(ROLE, PULL)], "pull", True),
    (PULL, [allow(ROLE, PULL)], "pull", False),
    (PULL, [allow(ROLE, GET)], "pull", False),
    (PULL, [allow(ROLE, PUT)], "pull + ecr:PutImage", True),
    (PULL, [allow(ROOT, PUT)], "pull + ecr:PutImage", True),
    (PULL, [deny(ROLE, GET, VPC)], "ecr:BatchCheckLayerAvailability", False),
]


@pytest.mark.parametrize(("own", "beside", "allowed", "marked"), CELLS)
def test_a_cell_has_a_mark_for_what_the_registrys_policy_alone_gives(
    own: list[str], beside: list[Json], allowed: str, marked: bool
) -> None:
    of_repository = policy(allow(ROLE, own)) if own else policy()
    added = document(*beside).statements if beside else ()
    both = SourcedPolicy(
        "app",
        (*of_repository.statements, *added),
        (
            *of_repository.sources,
            *(PolicyStatement("registry", n, None) for n in range(len(added))),
        ),
    )
    (row,) = access_matrix([both], [A], NAMES).rows
    (cell,) = row.cells
    assert (cell.allowed.startswith(allowed), cell.by_registry) == (True, marked)
    assert cell_words(cell).endswith(" (registry)") is marked


def test_services_have_the_tier_lambda() -> None:
    service = subject_of(
        NamedPrincipal(service_principal("lambda.amazonaws.com"), name="functions")
    )
    question = question_of(BUILT_IN_TIERS["lambda"], "lambda")
    assert told(can(policy(allow(LAMBDA, PULL)), service, question, NAMES)) == [
        ("functions", "lambda", "allowed", 0)
    ]
