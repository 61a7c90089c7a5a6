"""`iam consumer`: its formats, what it says on stderr, its exit codes."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import ROLE_1, ROLE_2, SEED, Done, Reconcile
from tests.cli.terraform import PROVIDER, check_format, init, needs_provider, terraform

LOGIN = (
    "aws ecr get-login-password --region us-west-2"
    " | docker login --username AWS --password-stdin 111122223333.dkr.ecr.us-west-2.amazonaws.com"
)
ARN = "arn:aws:ecr:us-west-2:111122223333:repository/payments/api"
MORE = SEED.replace(
    "principals:\n",
    "principals:\n"
    "  organization: {organization: o-a1b2c3d4e5}\n"
    "  functions: {service: lambda.amazonaws.com, source_accounts: [workloads]}\n"
    "  local: {role: builder, account: central}\n"
    "  both: [ci, runtime]\n",
).replace("accounts:\n", 'accounts:\n  central: "111122223333"\n') + (
    "      functions: lambda\n"
    "      local: {tier: pull, when: {StringLike: {'aws:PrincipalTag/team': '${aws:username}*'}}}\n"
    '  "tools/*": {access: {organization: pull, both: pull}}\n'
)


@pytest.fixture
def asked(offline: Reconcile, folder: Path) -> Reconcile:
    """Run `iam consumer` on a file with every kind of principal."""
    (folder / "ecr_access.yaml").write_text(MORE)

    def run(*arguments: str) -> Done:
        return offline("iam", "consumer", *arguments)

    return run


def test_the_policy_is_a_document_and_the_login_is_told(offline: Reconcile) -> None:
    done = offline("iam", "consumer", "ci")
    document = json.loads(done.out)
    assert done.code == 0
    assert [(s["Sid"], s["Resource"]) for s in document["Statement"]] == [
        ("GetAuthorizationToken", ["*"]),
        ("EcrAccessPushPull", [ARN]),
    ]
    assert done.err == f"log in: {LOGIN}\n"


def test_quiet_hides_what_is_to_be_known(asked: Reconcile) -> None:
    assert asked("ci").err
    assert asked("ci", "-q") == Done(0, asked("ci").out, "")


@pytest.mark.parametrize("principal", [ROLE_1, "ci"])
def test_json_is_the_default(offline: Reconcile, principal: str) -> None:
    done = offline("iam", "consumer", principal)
    assert offline("iam", "consumer", principal, "--format", "json") == done


@pytest.mark.parametrize(
    ("partition", "region", "suffix"),
    [
        ("aws-cn", "cn-north-1", "amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "amazonaws.com"),
        ("aws-eusc", "eusc-de-east-1", "amazonaws.eu"),
    ],
)
def test_the_host_and_the_arns_are_those_of_the_partition(
    offline: Reconcile, folder: Path, partition: str, region: str, suffix: str
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("us-west-2", region))
    done = offline("iam", "consumer", "ci")
    assert done.err.endswith(f" --password-stdin 111122223333.dkr.ecr.{region}.{suffix}\n")
    assert f'"arn:{partition}:ecr:{region}:111122223333:repository/payments/api"' in done.out


def test_every_region_has_its_login(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    told = offline("iam", "consumer", "ci").err
    assert [told.count(f"--region {region} ") for region in ("us-west-2", "eu-west-1")] == [1, 1]


def test_grants_with_conditions_are_named(asked: Reconcile) -> None:
    done = asked("arn:aws:iam::444455556666:role/other")
    assert done.code == 0
    clause = 'StringEquals aws:PrincipalOrgID "o-a1b2c3d4e5"'
    assert f"depends on a condition: tools/*: pull if {clause}\n" in done.err


@pytest.mark.parametrize("format_", ["json", "terraform", "cloudformation"])
def test_a_service_needs_none(asked: Reconcile, format_: str) -> None:
    done = asked("functions", "--format", format_)
    expected = "lambda.amazonaws.com: a service needs no identity policy\n"
    assert done == Done(0, "null\n" if format_ == "json" else "", expected)


@pytest.mark.parametrize(("format_", "out"), [("json", "null\n"), ("terraform", "")])
def test_a_principal_without_access_ends_with_4(offline: Reconcile, format_: str, out: str) -> None:
    done = offline("iam", "consumer", "777788889999", "-q", "--format", format_)
    assert done == Done(4, out, "the file grants no access to 777788889999\n")


def test_an_unknown_principal_ends_with_2(offline: Reconcile) -> None:
    done = offline("iam", "consumer", "runtim")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("hint: did you mean 'runtime'?\n")
    document = json.loads(offline("iam", "consumer", "runtim", "--format", "json").out)
    assert document["error"]["exit_code"] == 2


def test_what_is_like_a_principal_that_the_file_does_not_have_is_told(offline: Reconcile) -> None:
    done = offline("iam", "consumer", f"{ROLE_1}1")
    assert (done.code, done.out) == (4, "null\n")
    assert done.err.endswith(
        f"the file does not have {ROLE_1}1; did you mean '{ROLE_1}' or '{ROLE_2}'?\n"
    )


def test_hostile_arguments_are_shown_as_text(offline: Reconcile) -> None:
    done = offline("iam", "consumer", "\x1b[31m\n::error::x")
    assert done.code == 2
    assert "\x1b" not in done.err
    assert "\n::error" not in done.err


def test_members_with_different_needs_end_with_2(asked: Reconcile) -> None:
    done = asked("both")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("hint: ask for one of them: ci, runtime\n")


def test_an_invalid_file_prints_no_policy(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("push-pull", "pulll"))
    done = offline("iam", "consumer", "ci")
    assert (done.code, done.out) == (3, "")


def test_cloudformation_is_a_template(asked: Reconcile) -> None:
    document = json.loads(asked("ci").out)
    printed = asked("ci", "--format", "cloudformation").out
    template = json.loads(printed)
    assert template == yaml.safe_load(printed)
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Resources"] == {
        "EcrAccessCi": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": document},
        }
    }


def many(count: int) -> str:
    return SEED + "".join(f"  app/n{n:04}: {{access: {{ci: pull}}}}\n" for n in range(count))


def test_several_policies_are_a_list_and_several_resources(
    offline: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(many(200))
    done = offline("iam", "consumer", "ci")
    documents = json.loads(done.out)
    assert len(documents) > 1
    assert f"{len(documents)} policies, because one has at most 6,144 characters" in done.err
    template = json.loads(offline("iam", "consumer", "ci", "--format", "cloudformation").out)
    assert len(template["Resources"]) == len(documents)
    printed = offline("iam", "consumer", "ci", "--format", "terraform").out
    assert printed.count('resource "aws_iam_policy" "ecr_access_ci') == len(documents)


@needs_provider
def test_terraform_accepts_what_is_printed(
    asked: Reconcile, offline: Reconcile, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each kind of principal in one module, and several policies in another."""
    place = tmp_path_factory.mktemp("terraform")
    kinds = ("ci", "local", "organization", "arn:aws:iam::444455556666:root")
    done = [asked(principal, "--format", "terraform") for principal in kinds]
    (folder / "ecr_access.yaml").write_text(many(200))
    several = offline("iam", "consumer", "ci", "--format", "terraform")
    for one in (*done, several):
        assert one.code == 0
        check_format(one.out, place)
    modules = {"kinds": "\n".join(one.out for one in done), "several": several.out}
    for name, text in modules.items():
        (place / name).mkdir()
        (place / name / "policy.tf").write_text(text)
    used = "".join(f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in modules)
    (place / "main.tf").write_text(PROVIDER + used)
    init(place)
    terraform(place, "validate", "-no-color")
