"""The commands on a file with several registries: offline, and on several accounts of a sandbox."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, runner, sandbox_environment
from tests.cli.test_completing import complete
from tests.cli.test_handover import policy, state
from tests.cli.two_accounts import HERE, HOME, OTHER, ROLE, THERE

CI = "arn:aws:iam::444455556666:role/ci"
FILE = f"""\
version: 1
registries:
  - name: central
    account: "{HOME}"
    regions: [us-west-2, eu-west-1]
  - name: staging
    account: "{OTHER}"
    regions: [us-west-2]
    assume_role: {{role_arn: {ROLE}, external_id: contract-17}}
accounts: {{workloads: "444455556666"}}
principals:
  ci: {{role: ci, account: workloads}}
repositories:
  everywhere: {{access: {{ci: pull}}}}
  of-central: {{registries: [central], access: {{ci: push-pull}}}}
  of-eu: {{registries: [central], regions: [eu-west-1], access: {{ci: pull}}}}
  of-staging: {{registries: [staging], access: {{ci: pull}}}}
"""
PLACES = [(HOME, HERE), (HOME, THERE), (OTHER, HERE)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    return tmp_path


@pytest.fixture
def ecr(two_accounts: Sandbox) -> Sandbox:
    for account, region in PLACES:
        two_accounts.create_repository("everywhere", account=account, region=region)
    return two_accounts


def test_compile_has_the_policies_of_each_registry(offline: Reconcile) -> None:
    found = json.loads(offline("compile").out)
    assert {place: sorted(policies) for place, policies in found.items()} == {
        "central us-west-2": ["everywhere", "of-central"],
        "central eu-west-1": ["everywhere", "of-central", "of-eu"],
        "staging": ["everywhere", "of-staging"],
    }
    named = json.loads(offline("compile", "--repository", "of-eu").out)
    assert {place: sorted(policies) for place, policies in named.items()} == {
        "central us-west-2": [],
        "central eu-west-1": ["of-eu"],
        "staging": [],
    }
    assert offline("compile", "--repository", "nowhere").code == 2


def test_compile_of_one_registry_is_flat(offline: Reconcile) -> None:
    found = json.loads(offline("compile", "--registry", "staging").out)
    assert sorted(found) == ["everywhere", "of-staging"]


@pytest.mark.parametrize(
    "command",
    [
        ("compile",),
        ("explain", "everywhere"),
        ("access", "matrix"),
        ("access", "of", "ci"),
        ("access", "can", "ci", "pull", "everywhere"),
        ("access", "who-can", "pull", "everywhere"),
        ("iam", "caller"),
        ("iam", "consumer", "ci"),
    ],
)
def test_a_registry_that_there_is_not(offline: Reconcile, command: tuple[str, ...]) -> None:
    done = offline(*command, "--registry", "stagin")
    assert done.code == 2
    assert "--registry stagin: the file has no such registry, only central, staging\n" in done.err
    assert "did you mean 'staging'?" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ("compile", "--repository"),
        ("explain",),
        ("access", "can", "ci", "pull"),
        ("access", "who-can", "pull"),
    ],
)
def test_a_repository_of_another_registry(offline: Reconcile, command: tuple[str, ...]) -> None:
    done = offline(*command, "of-eu", "--registry", "staging")
    assert done.code == 2
    assert "of-eu: no entry of the file matches it" in done.err
    assert "hint: it has an entry in central\n" in done.err


@pytest.mark.parametrize("command", ["compile", "plan", "drift", "apply"])
def test_registries_are_completed(offline: Reconcile, command: str) -> None:
    line = f"reconcile {command} --registry "
    assert complete(offline, "fish", line).split() == ["central", "staging"]


def test_iam_caller_has_a_policy_for_each_registry_and_for_who_assumes_roles(
    offline: Reconcile,
) -> None:
    done = offline("iam", "caller", "--plan-only")
    found = json.loads(done.out)
    assert list(found) == ["central", "staging", "sts:AssumeRole"]
    resources = {name: found[name]["Statement"][0]["Resource"] for name in found}
    assert resources == {
        "central": [
            f"arn:aws:ecr:us-west-2:{HOME}:repository/*",
            f"arn:aws:ecr:eu-west-1:{HOME}:repository/*",
        ],
        "staging": [f"arn:aws:ecr:us-west-2:{OTHER}:repository/*"],
        "sts:AssumeRole": [ROLE],
    }
    assert found["sts:AssumeRole"]["Statement"][0]["Action"] == ["sts:AssumeRole"]
    assert done.err.splitlines() == [
        f"staging is the policy of {ROLE}",
        "sts:AssumeRole is the policy of the caller of reconcile",
    ]


CHINA = """\
  - {name: china, account: "333344445555", regions: [cn-north-1],
     assume_role: "arn:aws-cn:iam::333344445555:role/reconciler"}
accounts:"""


def test_the_policies_of_several_partitions_are_apart(folder: Path, offline: Reconcile) -> None:
    (folder / "ecr_access.yaml").write_text(FILE.replace("accounts:", CHINA))
    caller = offline("iam", "caller", "--plan-only")
    found = json.loads(caller.out)
    assert {name: found[name]["Statement"][0]["Resource"] for name in [*found][3:]} == {
        "sts:AssumeRole aws": [ROLE],
        "sts:AssumeRole aws-cn": ["arn:aws-cn:iam::333344445555:role/reconciler"],
    }
    assert "sts:AssumeRole aws-cn is the policy of the caller of reconcile\n" in caller.err
    consumer = offline("iam", "consumer", "ci")
    partitions = [
        {arn.split(":")[1] for one in policy["Statement"] for arn in one["Resource"] if arn != "*"}
        for policy in json.loads(consumer.out)
    ]
    assert partitions == [{"aws"}, {"aws-cn"}]
    assert "each partition has its own principals and policies: 1 for aws, 1 for aws-cn" in (
        consumer.err
    )


def test_iam_caller_without_roles_has_only_the_registries(folder: Path, offline: Reconcile) -> None:
    lines = [line for line in FILE.splitlines() if "assume_role" not in line]
    (folder / "ecr_access.yaml").write_text("\n".join(lines) + "\n")
    assert list(json.loads(offline("iam", "caller").out)) == ["central", "staging"]


def test_iam_consumer_has_the_repositories_of_all_registries(offline: Reconcile) -> None:
    done = offline("iam", "consumer", "ci")
    login, *statements = json.loads(done.out)["Statement"]
    assert login["Action"] == ["ecr:GetAuthorizationToken"]
    resources = {one["Sid"]: sorted(one["Resource"]) for one in statements}
    assert resources == {
        "EcrAccessPull": [
            f"arn:aws:ecr:eu-west-1:{HOME}:repository/everywhere",
            f"arn:aws:ecr:eu-west-1:{HOME}:repository/of-eu",
            f"arn:aws:ecr:us-west-2:{HOME}:repository/everywhere",
            f"arn:aws:ecr:us-west-2:{OTHER}:repository/everywhere",
            f"arn:aws:ecr:us-west-2:{OTHER}:repository/of-staging",
        ],
        "EcrAccessPushPull": [
            f"arn:aws:ecr:eu-west-1:{HOME}:repository/of-central",
            f"arn:aws:ecr:us-west-2:{HOME}:repository/of-central",
        ],
    }
    hosts = [line.rpartition(" ")[2] for line in done.err.splitlines() if "docker login" in line]
    assert hosts == [f"{a}.dkr.ecr.{region}.amazonaws.com" for a, region in PLACES]


def test_iam_consumer_logs_in_only_where_it_has_access(folder: Path, offline: Reconcile) -> None:
    text = FILE.replace("everywhere: {", "everywhere: {registries: [staging], ")
    (folder / "ecr_access.yaml").write_text(text)
    done = offline("iam", "consumer", "ci", "--registry", "staging")
    assert f"{OTHER}.dkr.ecr.us-west-2" in done.err
    assert HOME not in done.err + done.out


@pytest.mark.parametrize(
    ("repository", "code", "told"),
    [
        ("everywhere", 0, "allowed"),
        ("of-eu", 0, "(central eu-west-1)"),
        ("of-staging", 0, "(staging)"),
    ],
)
def test_access_can(offline: Reconcile, repository: str, code: int, told: str) -> None:
    done = offline("access", "can", "ci", "pull", repository)
    assert (done.code, told in done.out) == (code, True)


def put(sandbox: Sandbox, account: str, region: str) -> None:
    allowing = {"Effect": "Allow", "Principal": {"AWS": CI}, "Action": "ecr:*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allowing]})
    sandbox.set_policy_text("everywhere", text, account=account, region=region)


def test_live_answers_are_of_all_registries(ecr: Sandbox, reconcile: Reconcile) -> None:
    question = ("access", "can", "ci", "push-pull", "everywhere", "--live")
    for account, region in PLACES[:2]:
        put(ecr, account, region)
    done = reconcile(*question, "--format", "json")
    answers = json.loads(done.out)["answers"]
    assert done.code == 4
    assert [(one["registry"], one["account"], one["verdict"]) for one in answers] == [
        ("central", HOME, "allowed"),
        ("staging", OTHER, "denied"),
    ]
    assert reconcile(*question, "--registry", "central").code == 0
    put(ecr, *PLACES[2])
    done = reconcile(*question)
    assert done.code == 0
    assert "central" not in done.out
    matrix = reconcile("access", "matrix", "--live", "--format", "csv")
    assert matrix.out.splitlines()[1] == "everywhere,admin"


def test_a_role_that_is_refused_fails_its_registry_alone(
    folder: Path, ecr: Sandbox, reconcile: Reconcile
) -> None:
    text = FILE.replace("contract-17", "contract-18")
    (folder / "ecr_access.yaml").write_text(text)
    put(ecr, *PLACES[0])
    put(ecr, *PLACES[1])
    done = reconcile("access", "of", "ci", "--live")
    assert done.code == 1
    assert "everywhere (central)" in done.out
    (error,) = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert "staging us-west-2" in error
    assert "could not be assumed" in error


def test_a_profile_that_does_not_exist_fails_its_registry_alone(
    folder: Path, ecr: Sandbox, reconcile: Reconcile
) -> None:
    lines = ["    profile: nobody" if "role_arn" in x else x for x in FILE.split("\n")]
    (folder / "ecr_access.yaml").write_text("\n".join(lines))
    put(ecr, *PLACES[0])
    put(ecr, *PLACES[1])
    done = reconcile("access", "of", "ci", "--live")
    assert done.code == 1
    assert "everywhere (central)" in done.out
    (error,) = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert "staging us-west-2" in error
    assert "nobody" in error


def test_profiles_of_registries(folder: Path, ecr: Sandbox) -> None:
    lines = [f"    profile: sandbox-{OTHER}" if "role_arn" in x else x for x in FILE.split("\n")]
    (folder / "ecr_access.yaml").write_text("\n".join(lines))
    files = ecr.write_profiles(folder / "aws")
    put(ecr, *PLACES[2])
    done = runner(folder, sandbox_environment(ecr) | files)("access", "of", "ci", "--live")
    assert (done.code, "everywhere (staging)" in done.out) == (0, True)
    assert "AssumeRole" not in {call.name for call in ecr.calls()}


def test_handover_is_of_all_registries(folder: Path, offline: Reconcile) -> None:
    policies = [
        policy(f"aws_ecr_repository_policy.{key}", name, "{}", registry_id=account, region=region)
        for key, name, account, region in (
            ("home", "everywhere", HOME, "us-west-2"),
            ("other", "everywhere", OTHER, "us-west-2"),
            ("third", "everywhere", "333344445555", "us-west-2"),
            ("far", "everywhere", OTHER, "eu-west-1"),
            ("west", "of-eu", HOME, "us-west-2"),
        )
    ]
    (folder / "state.json").write_text(state(*policies))
    done = offline("handover", "terraform", "state.json", "--even-if-different")
    assert [line for line in done.out.splitlines() if "from" in line] == [
        "  from = aws_ecr_repository_policy.home",
        "  from = aws_ecr_repository_policy.other",
    ]
    left = [line for line in done.err.splitlines() if line.startswith("left to Terraform")]
    assert [line.split(": ", 2)[2] for line in left] == [
        'it is in the account "333344445555"',
        'it is in the region "eu-west-1"',
        f'the file does not manage "of-eu" in {HOME} us-west-2',
    ]
