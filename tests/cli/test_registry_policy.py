"""The registry's own policy as real commands: what it gives and breaks, and who may not see it."""

import json
from pathlib import Path

import pytest

from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import (
    ROLE_1,
    SEED,
    Reconcile,
    clean_environment,
    runner,
    sandbox_environment,
)
from tests.policy.making import PULL
from tests.registry.scripted_aws import Answer, Call, ok, refusal, serving, sts

GUARDS = """\
guards:
  rules:
    - {never: push, to: runtime, on: "payments/*", because: it only runs}
"""
COMPLETING = """\
guards:
  rules:
    - {never: read, to: runtime, because: it sees no findings}
"""
IGNORED = SEED.replace("regions:", "policy: ignore\n  regions:")
STRANGER = "arn:aws:iam::777788889999:root"
RUNTIME = "arn:aws:iam::444455556666:role/role2-2"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
IS_IGNORED = "the registry's own policy was not read: the file ignores it"
BROKEN = "runtime has push by the registry's policy"


def policy(who: str, action: str | list[str], name: str = "*") -> str:
    statement = {
        "Sid": "Mine",
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": action,
        "Resource": f"arn:aws:ecr:us-west-2:111122223333:repository/{name}",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def calls(ecr: Sandbox) -> list[str]:
    names = [call.name for call in ecr.calls()]
    return [name for name in names if name in ("GetRegistryPolicy", "GetAccountSetting")]


@pytest.fixture
def guarded(folder: Path) -> Path:
    file = folder / "ecr_access.yaml"
    file.write_text(SEED + GUARDS)
    return file


def test_access_beyond_the_file_is_a_finding(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.set_registry_policy_text(policy(STRANGER, "ecr:BatchGetImage", "payments/*"))
    done = reconcile("drift", "--format", "json")
    assert done.code == 0, done
    (found,) = json.loads(done.out)["findings"]
    assert (found["rule"], found["repository"]) == ("registry-policy-grants", "*")
    assert found["message"] == (
        'the registry\'s policy (Sid "Mine") gives 777788889999 ecr:BatchGetImage on "payments/*" '
        "(1 managed repository); the file grants no such access"
    )


def test_each_region_is_asked_once(folder: Path, reconcile: Reconcile, ecr: Sandbox) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    ecr.create_repository("payments/api", region="eu-west-1")
    ecr.set_registry_policy_text(policy(STRANGER, "ecr:BatchGetImage"))
    assert reconcile("plan").code == 0
    assert sorted(calls(ecr)) == ["GetAccountSetting", "GetRegistryPolicy", "GetRegistryPolicy"]


@pytest.mark.usefixtures("guarded")
def test_a_broken_never_rule_refuses_an_apply(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.set_registry_policy_text(policy(RUNTIME, "ecr:PutImage"))
    refused = reconcile("apply", "--yes")
    assert refused.code == 5, refused
    assert f"refused: never: {BROKEN} on payments/api (us-west-2)" in refused.err
    assert "--allow-never payments/api allows it once" in refused.err
    assert ecr.policy_text("payments/api") is None
    assert reconcile("plan").code == 5
    assert reconcile("apply", "--yes", "--allow-never", "payments/api").code == 0
    drift = reconcile("drift")
    assert drift.code == 4
    assert BROKEN in drift.out
    assert "no apply fixes this: change the registry's policy" in drift.out


@pytest.mark.usefixtures("guarded")
def test_a_saved_plan_is_judged_by_the_registrys_policy_of_now(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    ecr.set_registry_policy_text(policy(RUNTIME, "ecr:PutImage"))
    refused = reconcile("apply", "plan.json", "--yes")
    assert refused.code == 5, refused
    assert BROKEN in refused.err
    assert ecr.policy_text("payments/api") is None
    ecr.set_registry_policy_text(None)
    assert reconcile("apply", "plan.json", "--yes").code == 0


def test_a_saved_plan_says_why_it_can_no_longer_be_applied(
    folder: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED + COMPLETING)
    assert reconcile("plan", "--out", "plan.json").code == 0
    others = sorted(BUILT_IN_TIERS["read"] - BUILT_IN_TIERS["pull"])
    ecr.set_registry_policy_text(policy(RUNTIME, others))
    refused = reconcile("apply", "plan.json", "--yes")
    assert refused.code == 5, refused
    assert "runtime would have read, which it must never have" in refused.err
    assert "edited" not in refused.err
    assert ecr.policy_text("payments/api") is None


@pytest.mark.usefixtures("guarded")
def test_under_scope_v1_a_push_is_not_enforced(folder: Path) -> None:
    with Sandbox(Behaviour(registry_policy_scope="V1")) as ecr:
        ecr.create_repository("payments/api")
        ecr.set_registry_policy_text(policy(RUNTIME, "ecr:PutImage"))
        done = runner(folder, sandbox_environment(ecr))("plan")
    assert done.code == 0, done
    assert "registry-policy-idle" in done.out
    assert "registry-policy-grants" not in done.out


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--yes")])
def test_ignore_reads_nothing_and_says_so_once(
    folder: Path, reconcile: Reconcile, ecr: Sandbox, command: tuple[str, ...]
) -> None:
    (folder / "ecr_access.yaml").write_text(IGNORED)
    ecr.set_registry_policy_text(policy(STRANGER, "ecr:PutImage"))
    done = reconcile(*command)
    assert done.err.count("the registry's own policy was not read") == 1
    assert "registry-policy" not in done.out
    assert calls(ecr) == []


def test_ignore_leaves_json_as_it_is(folder: Path, reconcile: Reconcile) -> None:
    (folder / "ecr_access.yaml").write_text(IGNORED)
    done = reconcile("plan", "--format", "json")
    assert json.loads(done.out)["findings"] == []
    assert "was not read" not in reconcile("plan", "-q").err


WITHOUT, WITH = (
    "not looked at: identity policies, the registry's own policy, and policies of the organization",
    "not looked at: identity policies and policies of the organization",
)
QUESTIONS: list[tuple[tuple[str, ...], str]] = [
    (("who-can", "pull", "payments/api"), "allowed   registry policy, Statement[0] Mine"),
    (("who-can", "pull", "payments/api", "--format", "json"), '"policy": "registry"'),
    (("can", STRANGER, "pull", "payments/api"), "registry policy, Statement[0] Mine"),
    (("can", STRANGER, "pull", "payments/api", "--format", "markdown"), "`registry policy, State"),
    (("of", STRANGER), "pull: allowed   registry policy, Statement[0] Mine"),
    (("matrix",), "pull (registry)"),
    (("matrix", "--format", "csv"), '"pull (registry)"'),
    (("matrix", "--format", "markdown"), "- `(registry)`: by the registry's own policy"),
    (("matrix", "--format", "json"), '"policy": "registry"'),
    (("matrix", "--format", "html"), "registry policy, Statement["),
]


@pytest.mark.parametrize(("question", "told"), QUESTIONS)
def test_live_answers_name_its_statement(
    reconcile: Reconcile, ecr: Sandbox, question: tuple[str, ...], told: str
) -> None:
    ecr.set_registry_policy_text(policy(STRANGER, PULL, "payments/*"))
    done = reconcile("access", *question, "--live")
    assert (done.code, told in done.out) == (0, True), done
    assert (done.err.count(WITH), done.err.count(WITHOUT)) == (1, 0)
    assert sorted(calls(ecr)) == ["GetAccountSetting", "GetRegistryPolicy"]


def test_its_deny_wins(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("access", "can", "runtime", "pull", "payments/api", "--live").code == 0
    ecr.set_registry_policy_text(policy(RUNTIME, "ecr:*").replace('"Allow"', '"Deny"'))
    done = reconcile(
        "access", "can", "runtime", "pull", "payments/api", "--live", "--format", "json"
    )
    (answer,) = json.loads(done.out)["answers"]
    assert (done.code, answer["verdict"]) == (4, "denied")
    assert answer["source"] == {"policy": "registry", "sid": "Mine", "statement": 0}


@pytest.mark.parametrize("question", [one for one, _ in QUESTIONS if "--format" not in one])
def test_answers_of_a_file_that_ignores_it(
    folder: Path, reconcile: Reconcile, ecr: Sandbox, question: tuple[str, ...]
) -> None:
    (folder / "ecr_access.yaml").write_text(IGNORED)
    ecr.set_registry_policy_text(policy(STRANGER, PULL))
    done = reconcile("access", *question, "--live")
    assert done.code == (4 if question[0] in ("who-can", "can") else 0)
    assert done.err.count(f"{IS_IGNORED} (registry.policy)") == 1
    assert (done.err.count(WITH), done.err.count(WITHOUT)) == (0, 1)
    assert "registry policy" not in done.out
    assert calls(ecr) == []


def test_answers_of_the_file_do_not_depend_on_it(offline: Reconcile) -> None:
    done = offline("access", "who-can", "pull", "payments/api")
    assert (done.code, done.err.count(WITHOUT), IS_IGNORED in done.err) == (0, 1, False)


def test_without_it_no_question_has_an_answer(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.create_repository("other")
    ecr.set_registry_policy_text('{"Statement": "\x1b[31m"}')
    for question in (("can", "ci", "pull", "other"), ("who-can", "pull", "payments/api")):
        done = reconcile("access", *question, "--live")
        assert (done.code, done.out) == (1, "")
        assert "us-west-2: the registry's policy is not understood" in done.err
    for question in (("of", "ci"), ("matrix",)):
        done = reconcile("access", *question, "--live")
        assert (done.code, "denied" in done.out) == (1, False)
        assert done.err.count("the registry's policy is not understood") == 1
    assert "unknown" in done.out


def hiding_it(call: Call, _before: int) -> Answer:
    match call.operation:
        case "GetCallerIdentity":
            return sts("GetCallerIdentity", f"<Account>111122223333</Account><Arn>{ROLE_1}</Arn>")
        case "DescribeRepositories":
            return ok(repositories=[{"repositoryName": "payments/api"}])
        case "GetRegistryPolicy":
            told = f"User: {ROLE_1} is not authorized to perform: ecr:GetRegistryPolicy"
            return refusal("AccessDeniedException", told)
        case _:
            return refusal("RepositoryPolicyNotFoundException", "none")


@pytest.mark.parametrize(
    ("policy", "hint"), [("report", "with 'registry.policy: ignore'"), ("manage", "no answer wit")]
)
@pytest.mark.parametrize(
    ("question", "is_answered"),
    [(("can", "ci", "pull", "payments/api"), False), (("matrix",), True)],
)
def test_a_caller_who_may_not_read_it_has_no_answer(
    folder: Path, question: tuple[str, ...], is_answered: bool, policy: str, hint: str
) -> None:
    (folder / "ecr_access.yaml").write_text(IGNORED.replace("ignore", policy))
    with serving() as aws:
        aws.answer = hiding_it
        environment = clean_environment() | KEYS | {"AWS_ENDPOINT_URL": aws.url}
        done = runner(folder, environment)("access", *question, "--live")
    assert (done.code, bool(done.out)) == (1, is_answered), done
    assert done.err.count("us-west-2: the registry's policy was not read: ecr:GetRegist") == 1
    assert done.err.count(hint) == done.err.count("'registry.policy:") == 1


def test_a_caller_who_may_not_read_it_is_told_and_the_rest_works(folder: Path) -> None:
    with serving() as aws:
        aws.answer = hiding_it
        environment = clean_environment() | KEYS | {"AWS_ENDPOINT_URL": aws.url}
        done = runner(folder, environment)("plan", "--format", "json")
    assert done.code == 0, done
    document = json.loads(done.out)
    (found,) = document["findings"]
    assert (found["rule"], found["repository"]) == ("registry-policy-unread", "*")
    assert "ecr:GetRegistryPolicy: not allowed for" in found["message"]
    assert len(document["changes"]) == 1


def test_manage_is_not_accepted(folder: Path, offline: Reconcile) -> None:
    (folder / "ecr_access.yaml").write_text(IGNORED.replace("ignore", "manage"))
    done = offline("validate")
    assert done.code == 3
    assert "bad-value" in done.out + done.err


def test_hostile_text_of_it_is_escaped(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.set_registry_policy_text('{"Statement": "\x1b[31m\n::error::x"}')
    done = reconcile("plan")
    assert "\x1b" not in done.out + done.err
    assert "\n::error::" not in done.out + done.err
    assert "unreadable-policy" in done.out
