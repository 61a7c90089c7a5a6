"""What an import leaves out, and what it says of it."""

import pytest

from reconciler.access_file.document.problems import Place, Problem
from reconciler.access_file.sections import tiers
from reconciler.adopt.draft import Form, read_all
from reconciler.adopt.file_text import FileData, write_file
from reconciler.adopt.importing import ImportOptions, import_registry
from reconciler.adopt.live.content import ReadingOptions
from reconciler.adopt.live.survey import survey
from reconciler.adopt.proof import FILE, Verdict, error_of, find_suspects, prove, reason_of
from reconciler.errors import ReconcileError
from reconciler.model.registry import LiveRepository, ReadFailure, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.policy import Ownership
from tests.adopt.making import (
    ACCOUNT,
    NOW,
    PULL,
    STAGING,
    WORKLOADS,
    Json,
    Policies,
    allow,
    imported,
    plan_of,
    registry,
    role,
)

DEAD = "AROAEXAMPLEEXAMPLE123"
LAMBDAS = "arn:aws:lambda:{}:444455556666:function:*"


def reasons(policies: Policies) -> dict[str, str]:
    """Why each repository was left out; with the rest the plan is empty."""
    found = imported(policies)
    assert not plan_of(found.text, registry(policies)).changes
    return {one.repository: one.reason for one in found.notes.left_out}


UNSAYABLE: dict[str, tuple[list[Json] | str, str]] = {
    "not-json": ("{", "its policy is not understood: $: not JSON"),
    "element": ([{**allow(WORKLOADS), "Extra": 1}], "its policy is not understood: $.Statement[0]"),
    "token": ([allow(WORKLOADS, "ecr:GetAuthorizationToken")], "a file can't say it: GetAuth"),
    "other-service": ([allow(WORKLOADS, "s3:GetObject")], "a file can't say it: 's3:GetObject' is"),
    "other-partition": (
        [allow("arn:aws-cn:iam::444455556666:role/x")],
        "a file can't say it: 'arn",
    ),
    "odd-arn": ([allow("arn:aws:iam::444455556666:role/a//b")], "a file can't say it: 'a//b' is"),
    "pattern": ([allow("arn:aws:iam::444455556666:role/*")], "a file can't say it: the ARN"),
    "federated": ([allow({"Federated": "accounts.google.com"})], "a file can't say it: ECR does"),
    "no-principal": ([{"Effect": "Deny", "Action": "ecr:*"}], "a file can't say it: the statement"),
    "control": (
        [allow(WORKLOADS, Condition={"StringEquals": {"aws:PrincipalTag/a": "\x1b[2J"}})],
        "a file can't say it: this text contains an escaped control character",
    ),
    "surrogate": (
        [allow(WORKLOADS, Condition={"StringEquals": {"aws:PrincipalTag/a": "\ud800"}})],
        "a file can't say it: ",
    ),
    "session-id": ([allow(f"{DEAD}:session")], "a file can't say it: "),
}


@pytest.mark.parametrize(("policy", "reason"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_what_a_file_cant_say(policy: list[Json] | str, reason: str) -> None:
    policies = {"odd/one": policy, "good": [allow(WORKLOADS)], "other": [allow(role("x"))]}
    found = reasons(policies)
    assert list(found) == ["odd/one"]
    assert found["odd/one"].startswith(reason), found


def test_many_that_a_file_cant_say() -> None:
    policies: Policies = {name: policy for name, (policy, _) in UNSAYABLE.items()}
    assert reasons({**policies, "good": [allow(WORKLOADS)]}).keys() == policies.keys()


def test_an_error_of_a_shared_name_is_of_all_that_use_it() -> None:
    """A principal, a tier and a group, which stand in sections of their own."""
    odd = [allow([role("a//b"), role("a//c")], ["ecr:Fly"])]
    policies = {"a/one": odd, "a/two": odd, "bb": [allow(WORKLOADS, ["ecr:Fly"])]}
    assert reasons(policies).keys() == {"a/one", "a/two"}
    too_long = [allow(role("ci"), [f"ecr:{'a' * 200}"])]
    assert reasons({"a/one": too_long, "bb": [allow(role("ci"))]}).keys() == {"a/one"}


def test_an_error_that_is_of_no_entry_may_be_of_all() -> None:
    data = FileData(ACCOUNT, ("us-west-2",), {}, {}, {}, {}, {"aa": {}, "bb": {}})
    text = write_file(data)
    of_registry, of_entry = (
        Problem(RuleId.BAD_VALUE, "error", "bad", Place(FILE, 1 + text.split("\n").index(line), 1))
        for line in (f'  account: "{ACCOUNT}"', "  bb: {}")
    )
    assert find_suspects([of_entry], text, data, ["aa", "bb"]) == {"bb"}
    assert find_suspects([of_entry, of_registry], text, data, ["aa", "bb"]) == {"aa", "bb"}
    elsewhere = of_entry._replace(place=of_entry.place._replace(path="access.d/x.yaml"))
    assert find_suspects([of_entry, elsewhere], text, data, ["aa", "bb"]) == {"aa", "bb"}


def test_a_tier_that_is_too_large_is_a_raw_statement() -> None:
    many = [f"ecr:x{number:03}*" for number in range(201)]
    policies = {"aa": [allow(role("ci"), many)], "bb": [allow(WORKLOADS)]}
    found = imported(policies)
    assert found.repositories == ("aa", "bb")
    assert not plan_of(found.text, registry(policies)).changes
    assert "statements:" in found.text


def test_names_that_no_repository_has() -> None:
    policies = {"A/B": [allow(WORKLOADS)], "a/*": None, "\x1b[2J": None, "good": None}
    found = imported(policies)
    assert [one.repository for one in found.notes.left_out] == ["\x1b[2J", "A/B", "a/*"]
    assert "\x1b" not in found.text
    assert "#  \\x1b[2J: this is not the name of a repository" in found.text


def test_what_could_not_be_read() -> None:
    live = registry({"good": [allow(WORKLOADS)], "bad": None})
    failure = ReadFailure(RuleId.ACCESS_DENIED, "ecr:GetRepositoryPolicy on bad: not allowed")
    unread = {**live.repositories, "bad": LiveRepository("bad", failure)}
    found = import_registry([live._replace(repositories=unread)], ImportOptions({}), NOW)
    ((name, reason, is_unread),) = found.notes.left_out
    assert (name, reason, is_unread) == ("bad", failure.message, True)
    assert found.repositories == ("good",)


def test_policies_that_differ_between_regions() -> None:
    here, there = RegistryScope(ACCOUNT, "us-west-2"), RegistryScope(ACCOUNT, "eu-west-1")
    own = allow({"Service": "lambda.amazonaws.com"}, PULL[1:], Sid="LambdaECRImageRetrievalPolicy")
    of_lambda = [
        {**own, "Condition": {"StringLike": {"aws:sourceArn": LAMBDAS.format(scope.region)}}}
        for scope in (here, there)
    ]
    one = {"same": [allow(WORKLOADS), of_lambda[0]], "other": [allow(WORKLOADS)], "half": None}
    two = {"same": [of_lambda[1], allow([WORKLOADS])], "other": None}
    registries = [registry(one, here), registry(two, there)]
    found = import_registry(registries, ImportOptions({}), NOW)
    assert found.repositories == ("same",)
    assert {one.repository: one.reason for one in found.notes.left_out} == {
        "half": "it does not exist in eu-west-1, and an entry is for all regions of its file",
        "other": "its policy in eu-west-1 differs from that in us-west-2, and an entry is for all"
        " regions of its file",
    }
    assert found.notes.kept == ("same",)
    for live in registries:
        assert not plan_of(found.text, live).changes


def test_deleted_principals() -> None:
    policies = {
        "aa": [allow([DEAD, role("ci")]), {**allow(DEAD), "Effect": "Deny"}],
        "bb": [allow(DEAD)],
    }
    found = imported(policies)
    assert [(one.principal, one.repositories) for one in found.notes.dead] == [
        (f"{DEAD} (role)", ("aa", "bb"))
    ]
    plan = plan_of(found.text, registry(policies))
    assert [change.target.repository for change in plan.changes] == ["aa", "bb"]
    kept = imported(policies, keep_dead=True)
    assert (kept.notes.dead, plan_of(kept.text, registry(policies)).changes) == ((), ())
    assert kept.text.count(DEAD) == 3


def test_a_deleted_principal_in_a_list_of_exceptions_is_carried() -> None:
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": [DEAD, role("ci")]}, "Action": "ecr:PutImage"}
    assert reasons({"aa": [allow(WORKLOADS), deny]}) == {}


def test_the_top_of_a_file_says_what_to_know() -> None:
    policies = {
        "aa": [allow("*"), allow(WORKLOADS, ["ecr:*"])],
        "bb": [allow(STAGING, ["ecr:SetRepositoryPolicy"])],
        "cc/d": None,
        "cc/e": None,
    }
    text = imported(policies).text
    top = " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line[:1] == "#")
    for part in (
        "of the registry 111122223333 in us-west-2: repositories: 4.",
        "Without a policy, and to stay so ({} is no access): 2.",
        "An entry with * also holds for repositories that are created later.",
        "admin (every action): 444455556666 on aa",
        "can-rewrite (may rewrite the policy): 777788889999 on bb",
        "public (public access): everyone on aa",
    ):
        assert part in top
    assert "public: {allow: [aa]}" in text


def test_an_empty_registry() -> None:
    assert imported({}).text.endswith("\nrepositories: {}\n")


def test_a_registry_that_is_too_large_for_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may have so many different action patterns, which no repository reaches alone."""
    monkeypatch.setattr(tiers, "_PATTERNS", tiers._PATTERNS._replace(most=100))
    policies = {
        f"r{number}": [allow(role("ci"), [f"ecr:{number:03}x{one:03}*" for one in range(10)])]
        for number in range(11)
    }
    with pytest.raises(ReconcileError, match="the registry is too large for one file: the file"):
        imported(policies)


def test_a_file_that_is_not_right_is_an_error() -> None:
    problem = Problem(RuleId.BAD_ARN, "error", "no ARN", Place("the imported file", 3, 7))
    told = {
        Verdict((problem,)): "the imported file would be invalid: 3:7: bad-arn: no ARN (a bug)",
        Verdict((), ("a/b",)): "the imported file would ask for something else on a/b (a bug)",
        Verdict(
            (), (), preserves=False
        ): "the imported file would ask for something else on what it had before (a bug)",
    }
    for verdict, message in told.items():
        assert not verdict.is_right
        assert error_of(verdict).message == message
    assert reason_of(Verdict((problem,))) == "a file can't say it: no ARN"
    assert reason_of(Verdict((), ("a/b",))) == "a file can't ask for exactly this policy"


def test_a_file_that_asks_for_something_else_is_not_right() -> None:
    """More access, less access, a repository too much and one too little."""
    file = (
        'version: 1\nregistry: {account: "111122223333", regions: [us-west-2]}\nrepositories:\n'
        '  aa: {access: {"444455556666": push-pull}}\n'
        "  bb: {access: {}}\n"
        "  cc: {access: {}}\n"
    )
    live = registry({name: [allow(WORKLOADS)] for name in ("aa", "bb", "dd")} | {"cc": "{"})
    found = survey([live])
    options = ReadingOptions(Ownership(), {}, NOW)
    readings, _ = read_all(found, options, Form({}))
    assert prove(file, [live], found, readings, now=NOW) == Verdict((), ("aa", "bb", "cc", "dd"))
