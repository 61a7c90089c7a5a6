"""`reconcile import`: what it prints describes a live registry, which `plan --exit-code` proves."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.organizations.models import organizations_backends

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.requests import protocol
from reconciler.sandbox.server import Sandbox
from tests.central_registry import FACTS, policy_of
from tests.cli.conftest import SEED, Done, Reconcile, clean_environment, runner, sandbox_environment
from tests.registry.scripted_aws import Answer, Call, ok, refusal, serving, sts

ROLE = "arn:aws:iam::444455556666:role/role2-1"
ACCOUNT = "111122223333"
DEAD = "AROAEXAMPLEEXAMPLE123"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2008-10-17", "Statement": list(statements)})


def allow(principal: object, actions: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions, **more}


@pytest.fixture
def registry() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
    organizations_backends.reset()  # it outlives a sandbox


@pytest.fixture
def run(registry: Sandbox, tmp_path: Path) -> Reconcile:
    return runner(tmp_path, sandbox_environment(registry))


def fill(registry: Sandbox, policies: dict[str, str | None]) -> None:
    for name, text in policies.items():
        registry.create_repository(name)
        if text is not None:
            registry.set_policy_text(name, text)


def planned(run: Reconcile, folder: Path, imported: Done) -> Done:
    (folder / "ecr_access.yaml").write_text(imported.out, encoding="utf-8")
    return run("plan", "--exit-code")


def test_the_plan_after_an_import_is_empty(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    deny = {
        "Sid": "no deletes",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:BatchDeleteImage",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
    }
    fill(
        registry,
        {
            "payments/api": policy(allow({"AWS": [ROLE, "444455556666"]}, PULL), deny),
            "payments/web": policy(allow("*", "ecr:BatchGetImage")),
            "tools/builder": None,
        },
    )
    done = run("import")
    assert (done.code, done.err.splitlines()[-1]) == (0, "repositories imported: 3; left out: 0")
    assert run("import") == done
    plan = planned(run, tmp_path, done)
    assert (plan.code, "3 in sync" in plan.out) == (0, True), plan
    assert not {"SetRepositoryPolicy", "DeleteRepositoryPolicy"} & {c for c, _ in registry.calls()}


def test_what_a_file_cant_say_is_left_out_by_name(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    fill(
        registry,
        {
            "a/token": policy(allow({"AWS": ROLE}, ["ecr:GetAuthorizationToken"])),
            "b/odd": policy({**allow({"AWS": ROLE}, PULL), "Extra": 1}),
            "c/good": policy(allow({"AWS": ROLE}, PULL)),
        },
    )
    done = run("import", "-q")
    assert done.code == 0
    assert [line.split(": ")[:2] for line in done.err.splitlines()] == [
        ["left out", "a/token"],
        ["left out", "b/odd"],
    ]
    for reason in ("GetAuthorizationToken has no effect", "$.Statement[0].Extra"):
        assert reason in done.err
        assert reason in done.out.partition("version: 1")[0]
    plan = planned(run, tmp_path, done)
    assert (plan.code, "1 in sync" in plan.out) == (0, True), plan


def test_deleted_principals_are_left_out_and_the_plan_removes_them(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    fill(registry, {"a/b": policy(allow({"AWS": [ROLE, DEAD]}, PULL))})
    done = run("import")
    assert "deleted principals left out: 1; a plan removes them" in done.err
    assert f"{DEAD} (role): a/b" in done.out
    plan = planned(run, tmp_path, done)
    assert (plan.code, DEAD in plan.out, "1 revoked" in plan.out) == (4, True, True)


def test_several_regions(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        for name in ("same", "other", "half"):
            sandbox.create_repository(name, region="us-west-2")
        for name in ("same", "other"):
            sandbox.create_repository(name, region="eu-west-1")
            sandbox.set_policy_text(name, policy(allow({"AWS": ROLE}, PULL)), region="us-west-2")
        sandbox.set_policy_text("same", policy(allow({"AWS": ROLE}, PULL)), region="eu-west-1")
        run = runner(tmp_path, sandbox_environment(sandbox))
        done = run("import", "--region", "us-west-2", "--region", "eu-west-1")
        assert done.code == 0
        assert "left out: half: it does not exist in eu-west-1" in done.err
        assert "left out: other: its policy in eu-west-1 differs from that in us-west-2" in done.err
        assert planned(run, tmp_path, done).code == 0


@pytest.mark.skipif(not FACTS.exists(), reason="the facts of the real registry are not here")
@pytest.mark.parametrize("flat", [False, True])
def test_a_real_registry(tmp_path: Path, flat: bool) -> None:
    facts = json.loads(FACTS.read_text())
    account, region = facts["registry"]["account"], facts["registry"]["region"]
    (tmp_path / "accounts.json").write_text(json.dumps(facts["accounts"]))
    with Sandbox(account=account, region=region) as sandbox:
        fill(sandbox, {one["name"]: policy_of(one, facts) for one in facts["repositories"]})
        run = runner(tmp_path, sandbox_environment(sandbox))
        done = run("import", "--accounts", "accounts.json", *(["--flat"] if flat else []))
        assert planned(run, tmp_path, done).code == 0
    lines = [line for line in done.out.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert flat or len(lines) <= 400
    assert max(map(len, done.out.splitlines())) <= 160


def test_accounts_are_named_by_aws_organizations(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    given = registry.environment()
    organizations = boto3.client(
        "organizations",
        endpoint_url=registry.endpoint_url,
        region_name="us-west-2",
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(Email="a@example.com", AccountName="Work Loads")
    account = status["CreateAccountStatus"]["AccountId"]
    fill(registry, {"a/b": policy(allow({"AWS": account}, PULL))})
    done = run("import")
    assert f'  work-loads: "{account}"\n' in done.out
    assert "names of accounts" not in done.err
    assert planned(run, tmp_path, done).code == 0


def test_accounts_that_nobody_may_list_have_no_names(tmp_path: Path) -> None:
    """Only the management account and delegated administrators of an organization may."""

    def answer(call: Call, _before: int) -> Answer:
        match call.operation:
            case "GetCallerIdentity":
                xml = f"<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn>"
                return sts("GetCallerIdentity", xml)
            case "DescribeRepositories":
                return ok(repositories=[{"repositoryName": "a/b"}])
            case "GetRepositoryPolicy":
                return ok(policyText=policy(allow({"AWS": "444455556666"}, PULL)))
            case _:
                return refusal("AccessDeniedException", "no permission")

    with serving() as aws:
        aws.answer = answer
        settings = {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-west-2"}
        keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
        run = runner(tmp_path, {**clean_environment(), **settings, **keys})
        done = run("import")
    assert done.code == 0
    assert '  account-444455556666: "444455556666"\n' in done.out
    refused = "not allowed for the caller: no permission (allow it in the identity policy of the "
    refused += "caller)"
    assert done.err.splitlines() == [
        "not managed: the creation templates: ecr:DescribeRepositoryCreationTemplates: " + refused,
        "not managed: the registry's policy: ecr:GetRegistryPolicy: " + refused,
        "the names of accounts are unknown; --accounts FILE has them: organizations:ListAccounts: "
        "not allowed for the caller: no permission",
        "repositories imported: 1; left out: 0",
    ]


def test_into_a_file(registry: Sandbox, run: Reconcile, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"# mine\n{SEED}# the end\n")
    fill(registry, {"payments/api": None, "tools/x": policy(allow({"AWS": ROLE}, PULL))})
    done = run("import", "--into", "mine.yaml")
    assert done.code == 0
    assert ("GetRepositoryPolicy", "payments/api") not in registry.calls()
    assert done.out.startswith("# mine\n")
    assert "  tools/x:\n    access: {ci: pull}\n# the end\n" in done.out
    assert (tmp_path / "mine.yaml").read_text() == f"# mine\n{SEED}# the end\n"
    (tmp_path / "ecr_access.yaml").write_text(done.out)
    assert run("plan", "--repository", "tools/x", "--exit-code").code == 0
    wrong = run("import", "--into", "mine.yaml", "--account", "444455556666")
    assert wrong.code == 2
    assert "--account 444455556666: the file to add to is of the registry" in wrong.err
    wrong = run("import", "--into", "mine.yaml", "--region", "eu-west-1")
    assert (wrong.code, "--region eu-west-1: the file to add to" in wrong.err) == (2, True)
    (tmp_path / "mine.yaml").write_text("version: 2\n")
    assert run("import", "--into", "mine.yaml").code == 3


def test_policies_of_a_file_into_a_file(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    (tmp_path / "mine.yaml").write_text(SEED)
    policies = json.dumps({"tools/x": policy(allow({"AWS": ROLE}, PULL)), "payments/api": "{"})
    done = run("import", "--from", "-", "--into", "mine.yaml", stdin=policies)
    assert (done.code, done.err) == (0, "repositories imported: 1; left out: 0\n")
    assert "tools/x" in done.out
    other = ("--account", "444455556666", "--region", "us-west-2")
    assert run("import", "--from", "-", "--into", "mine.yaml", *other, stdin=policies).code == 2
    assert run("import", "--from", "-", "--into", "-", stdin=policies).code == 2


ON_HUB = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/hub/*"
OWN_POLICY = policy(
    {**allow({"AWS": "444455556666"}, PULL), "Resource": [ON_HUB]},
    {**allow("*", "ecr:DeleteRepository"), "Effect": "Deny", "Resource": "*"},
)
TEMPLATES: dict[str, dict[str, object]] = {
    "hub": {"appliedFor": ["CREATE_ON_PUSH"], "imageTagMutability": "IMMUTABLE"},
    "lib": {"appliedFor": ["REPLICATION"], "repositoryPolicy": policy(allow({"AWS": ROLE}, PULL))},
}
MANAGED = """\
repositories:
  "hub/*":
    create_on: [push]
    via: registry-policy
    access: {account-444455556666: pull}
  hub/a: {access: {}}

registry_statements: [{Effect: Deny, Principal: "*", Action: ecr:DeleteRepository, Resource: "*"}]

unmanaged:  # the file says all that the registry's policy says
  registry_statements: remove
"""


def test_the_registrys_own_policy_and_its_templates(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    registry.create_repository("hub/a")
    registry.set_registry_policy_text(OWN_POLICY)
    for prefix, template in TEMPLATES.items():
        registry.set_creation_template(prefix, template)
    done = run("import")
    assert (done.code, done.out.endswith(f"\n\n{MANAGED}")) == (0, True), done.out
    assert done.err.splitlines()[0] == (
        "not managed: the creation template lib: it is not what the entries for all of "
        '"lib/*" come to'
    )
    plan = planned(run, tmp_path, done)
    assert (plan.code, "1 in sync" in plan.out) == (0, True), plan
    assert run("drift").code == 0
    assert all(
        name.startswith(("Describe", "Get", "List", "Create")) for name, _ in registry.calls()
    )


def test_an_imported_policy_of_the_registry_is_all_the_files(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    """What the file does not say is removed, whatever the Sid of the statement."""
    registry.create_repository("hub/a")
    registry.set_registry_policy_text(OWN_POLICY)
    text = run("import").out.replace(": pull}", ": push}")
    (tmp_path / "ecr_access.yaml").write_text(text)
    done = run("apply", "--yes")
    assert (done.code, "pull → push" in done.out) == (0, True), done
    assert "ecr:BatchGetImage" not in (registry.registry_policy_text() or "")


def test_the_registrys_own_policy_from_a_file(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    templates = [{"prefix": prefix, **one} for prefix, one in TEMPLATES.items()]
    live: dict[str, object] = {"hub/a": None, "repositoryCreationTemplates": templates}

    def imported(own: object) -> Done:
        return run(
            "import", "--from", "-", *WHERE, stdin=json.dumps({**live, "registryPolicy": own})
        )

    done = imported(json.loads(OWN_POLICY))
    assert (done.code, done.out.endswith(MANAGED)) == (0, True), done
    assert imported(OWN_POLICY) == done
    without = imported(None).out
    assert ("policy: manage" in without, "create_on: [push]" in without) == (False, True)


def test_the_guide_names_every_option(tmp_path: Path) -> None:
    told = runner(tmp_path, clean_environment())("import", "--help").out
    guide = (Path(__file__).parents[2] / "docs" / "adopt.md").read_text(encoding="utf-8")
    options = {"--account", "--region", "--from", "--accounts", "--profile", "--into", "--flat"}
    options |= {"--keep-dead", "--transport"}
    assert set(re.findall(r"--[a-z-]{3,}", told)) - {"--help", "--quiet"} == options
    assert options <= set(re.findall(r"--[a-z-]{3,}", guide))


def test_a_file_to_add_to_is_not_where_the_output_goes(tmp_path: Path) -> None:
    """`import --into FILE > FILE`: the shell has emptied it."""
    mine = tmp_path / "mine.yaml"
    with mine.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "import", "--into", mine.name, "--from", "-"],
            cwd=tmp_path,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "error: --into mine.yaml: the output goes to this file",
            "hint: write to another file, and move that; a shell with > has emptied this one",
        ],
    )


@pytest.mark.parametrize(("names", "unnamed"), [("{}", 2), ('{"w": "444455556666"}', 1)])
def test_accounts_that_have_no_name_are_counted(tmp_path: Path, names: str, unnamed: int) -> None:
    (tmp_path / "names.yaml").write_text(names)
    policies = json.dumps({"a/b": policy(allow({"AWS": ["777788889999", ROLE]}, PULL))})
    run = runner(tmp_path, clean_environment())
    done = run("import", "--from", "-", *WHERE, "--accounts", "names.yaml", stdin=policies)
    assert done.err.splitlines()[0] == (
        f"accounts without a name: {unnamed}; --accounts FILE names them"
    )


WHERE = ("--account", "111122223333", "--region", "us-west-2")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (WHERE, "{", 3, "stdin is not JSON"),
        (WHERE, '{"a": null, "a": null}', 3, "duplicate key"),
        (WHERE, '{"repositoryCreationTemplates": {}}', 3, "Templates is not a list of templates"),
        (WHERE, '{"repositoryCreationTemplates": [1]}', 3, "Templates is not a list of templates"),
        (WHERE, '{"repositoryCreationTemplates": [{}]}', 3, "a template has a prefix"),
        (WHERE, "[]", 3, "stdin is not a JSON object of repositories and their policies"),
        (("--account", "1", *WHERE[2:]), "{}", 2, "--account 1: an account id has 12 digits"),
        ((*WHERE[:2], "--region", "here"), "{}", 2, "--region here: this is not the name"),
        ((*WHERE, "--region", "cn-north-1"), "{}", 2, "--region cn-north-1: its partition is not"),
        (WHERE[:2], "{}", 2, "without --region"),
        (WHERE[2:], "{}", 2, "without --account"),
        ((*WHERE, "--accounts", "list.yaml"), "{}", 3, "does not map the names of accounts"),
        ((*WHERE, "--accounts", "deep.yaml"), "{}", 3, "does not map the names of accounts"),
        ((*WHERE, "--accounts", "short.yaml"), "{}", 3, "workloads: '44' is not an account id"),
        ((*WHERE, "--accounts", "broken.yaml"), "{}", 3, "broken.yaml is not YAML"),
        ((*WHERE, "--accounts", "steep.yaml"), "{}", 3, "steep.yaml is nested too deeply"),
        ((*WHERE, "--accounts", "twice.yaml"), "{}", 3, "a is the name of 444455556666 and of 77"),
        ((*WHERE, "--accounts", "scalar.yaml"), "{}", 3, "does not map the names of accounts"),
        ((*WHERE, "--accounts", "none.yaml"), "{}", 2, "there is no file of account names"),
        ((*WHERE, "--accounts", "-"), "{}", 2, "stdin can be read once"),
    ],
)
def test_wrong_input(
    tmp_path: Path, arguments: tuple[str, ...], stdin: str, code: int, message: str
) -> None:
    files = {"list": "[a]", "deep": "a: {b: c}", "short": "workloads: 44", "broken": "{"}
    files |= {"steep": "[" * 100_000, "twice": "a: 444455556666\na: 777788889999", "scalar": "a"}
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    run = runner(tmp_path, clean_environment())
    done = run("import", "--from", "-", *arguments, stdin=stdin)
    assert (done.code, done.out, message in done.err) == (code, "", True), done


def test_a_region_that_cant_be_read_fails_the_run(tmp_path: Path) -> None:
    with Sandbox(Behaviour(disabled_region="af-south-1")) as sandbox:
        run = runner(tmp_path, sandbox_environment(sandbox))
        done = run("import", "--region", "us-west-2", "--region", "af-south-1")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: af-south-1: ")


def test_names_of_accounts_may_be_unquoted(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("small: 012345670123\nworkloads: 444455556666\n")
    policies = json.dumps({"a/b": policy(allow({"AWS": ["012345670123", ROLE]}, PULL))})
    run = runner(tmp_path, clean_environment())
    done = run("import", "--from", "-", *WHERE, "--accounts", "names.yaml", stdin=policies)
    assert '  small: "012345670123"\n  workloads: "444455556666"\n' in done.out


def test_a_region_is_needed(tmp_path: Path) -> None:
    done = runner(tmp_path, clean_environment())("import")
    assert (done.code, done.err) == (
        2,
        "error: the AWS settings do not say in which region it is, without --region\n",
    )


def test_a_policy_that_could_not_be_read_fails_the_run(tmp_path: Path) -> None:
    def deny(call: protocol.Call) -> None:
        if call == ("GetRepositoryPolicy", "a/bad"):
            raise protocol.ServiceError("AccessDeniedException", "no")

    with Sandbox() as sandbox:
        fill(sandbox, {"a/bad": None, "a/good": None})
        sandbox.before_call(deny)
        done = runner(tmp_path, sandbox_environment(sandbox))("import")
    assert (done.code, "left out: a/bad: " in done.err) == (1, True)
    assert "a/good" in done.out


def test_policies_of_a_file(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    policies = {
        "a/object": json.loads(policy(allow({"AWS": ROLE}, PULL))),
        "a/text": policy(allow({"AWS": ROLE}, PULL)),
        "b/none": None,
    }
    (tmp_path / "p.json").write_text(json.dumps(policies))
    where = ("--account", "111122223333", "--region", "us-west-2")
    done = run("import", "--from", "p.json", *where)
    assert done.code == 0
    assert run("import", "--from", "-", *where, stdin=json.dumps(policies)) == done
    assert run("validate", "-f", "-", stdin=done.out).code == 0
    assert run("import", "--from", "p.json", *where[:2]).code == 2
    assert "without --account" in run("import", "--from", "p.json", *where[2:]).err
