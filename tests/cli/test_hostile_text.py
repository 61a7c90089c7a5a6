"""Whatever a policy, a file, a plan, a journal or AWS says, it is shown as text and as no more."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.apply.journal_format import BeginJson
from reconciler.plan.saved.parts import digest_of
from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import begin, change, policy
from tests.cli.conftest import clean_environment, sandbox_environment
from tests.cli.hostile import (
    ALL,
    ARGUMENT,
    BREAKING,
    CONTROLS,
    FORGED,
    LINES,
    MARKUP,
    ORDERS,
    OURS,
    Show,
    faults,
    showing,
)
from tests.cli.hostile_policies import MASTER, PLACES, allow, document, hostile_policies
from tests.policy.making import Json
from tests.registry.scripted_aws import Answer, Call, ok, refusal, serving, sts

FILE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
principals:
  ci: {role: role2-1, account: "444455556666"}
repositories:
  "h/*": {access: {ci: pull}}
guards: {max_revoked: none}
"""
RULE = f"""\
guards:
  max_revoked: none
  rules:
    - {{never: pull, to: {{outside: ["444455556666"]}}, because: {json.dumps(LINES[4])}}}
"""
KEEP = "unmanaged: {statements: {default: keep}}\n"
PATH = b"evil \x1b[31m\n::error::FORGED \xe2\x80\xae\xff\x9b ##[error]FORGED"


def at(folder: Path, name: bytes) -> Path:
    """Give a file whose name is no text."""
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


@pytest.fixture
def offline(folder: Path) -> Show:
    return showing(folder, clean_environment())


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        for name, text in hostile_policies():
            sandbox.create_repository(name)
            sandbox.set_policy_text(name, text)
        yield sandbox


@pytest.fixture
def show(folder: Path, ecr: Sandbox) -> Show:
    (folder / "ecr_access.yaml").write_text(FILE)
    return showing(folder, sandbox_environment(ecr))


@pytest.mark.parametrize("text", [*CONTROLS, *BREAKING, *ORDERS])
def test_what_is_looked_for_would_be_found(text: str) -> None:
    assert faults(text) != []


def test_plan_and_drift(show: Show, folder: Path) -> None:
    planned = show("plan", "--show-policy")
    assert planned.code == 0, planned.err
    assert "FORGED" in planned.out
    assert not [line for line in planned.out.split("\n") if OURS.match(line.lstrip())]
    assert show("plan", "--format", "json").code == 0
    assert show("drift").code == 4
    assert show("drift", "--format", "json").code == 4
    assert show("plan", "--format", "html", "--show-policy").code == 0
    assert show("drift", "--format", "html").code == 4
    (folder / "ecr_access.yaml").write_text(FILE + KEEP)
    kept = show("plan", PYTHONIOENCODING="ascii")
    assert "kept: " in kept.out


def test_answers(show: Show) -> None:
    name = next(name for name, _ in hostile_policies())
    for form in ("text", "json", "markdown", "csv", "html"):
        assert show("access", "matrix", "--live", "--format", form).code in (0, 1)
    for form in ("text", "json", "markdown"):
        assert show(
            "access", "who-can", "ecr:BatchGetImage", name, "--live", "--format", form
        ).code in (
            0,
            1,
            4,
        )
    assert show("access", "of", ARGUMENT, "--live").code == 2
    assert show("access", "can", ARGUMENT, ARGUMENT, ARGUMENT).code == 2
    assert show("access", "who-can", "pull", ARGUMENT, "--live").code == 2
    assert show("explain", ARGUMENT).code == 2


def test_answers_over_the_registrys_policy(show: Show, ecr: Sandbox) -> None:
    ecr.set_registry_policy_text(json.dumps(document(allow(Sid=ALL, Resource="*"))))
    told = show("access", "of", MASTER, "--live")
    assert (told.code, "registry policy, " in told.out) == (1, True)
    assert show("access", "matrix", "--live", "--format", "html").code == 1
    ecr.set_registry_policy_text(json.dumps(document(allow(Effect=ALL, Resource="*"))))
    assert show("access", "matrix", "--live").code == 1


def test_refusals(show: Show, ecr: Sandbox, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(FILE.partition("guards:")[0] + RULE + KEEP)
    for name, text in {"h/role-0": ALL, "h/role-1": f"\n{LINES[0]}"}.items():
        deny = allow(Effect="Deny", Principal="*", Action="ecr:PutImage", Sid=text)
        stranger = f"arn:aws:iam::999900001111:role/{text}"
        pull = allow(Principal={"AWS": stranger}, Action="ecr:*", Sid=text)
        ecr.set_policy_text(name, json.dumps(document(deny, pull)))
    refused = show("apply", "--yes", "--allow-empty", ARGUMENT)
    assert refused.code == 5
    assert r'refused: never: "arn:aws:iam::999900001111:role/\u001b[31mred' in refused.err
    assert show("apply", "--yes", "--format", "json").code == 5


def test_apply_and_rollback(show: Show, folder: Path) -> None:
    journal = b"journal " + PATH
    applied = show("apply", "--yes", "--journal", journal)
    assert applied.code == 0, applied.err
    assert "to undo: " in applied.err
    back = show("rollback", journal, "--yes", "--format", "json", "--allow-public", "h/sid-0")
    assert back.code == 5
    assert "is public: it gives access to AWS accounts that it does not name" in back.err
    at(folder, journal).rename(folder / "journal")
    names = [name for name, _ in hostile_policies()]
    options = ("--allow-public", "--allow-lock-out")
    allowed = [word for name in names for option in options for word in (option, name)]
    restored = show("rollback", "journal", "--yes", *allowed)
    assert restored.code in (1, 6), restored.err
    assert "Rollback: " in restored.out
    assert show("apply", "--yes", "--format", "json").code == 0


def test_import(show: Show, folder: Path) -> None:
    printed = show("import")
    assert printed.code == 0
    assert "left out: h/action-0: " in printed.err
    (folder / "ecr_access.yaml").write_text(printed.out)
    assert show("plan", "--exit-code").code == 0
    (folder / "policies.json").write_text(json.dumps({**dict(hostile_policies()), ALL: None}))
    where = ("--account", "111122223333", "--region", "us-west-2")
    again = show("import", "--from", "policies.json", *where, "--flat")
    assert again.code == 0
    wrong = show("import", "--from", "policies.json", *where, "--accounts", "policies.json")
    assert wrong.code == 3


def forge(plan: Json) -> None:
    """Put texts that read like our own wherever a plan may hold text, and sign it."""
    place = {"account": "111122223333", "region": "us-west-2"}
    for text in (*LINES[:4], *MARKUP):
        plan["unmanaged_repositories"].append(text)
        plan["findings"].append(
            {"repository": text, "rule": "public", "message": text, "region": None}
        )
        plan["errors"].append(
            {"repository": "a/b", **place, "rule": "read-failed", "message": text}
        )
    plan["digest"] = digest_of(plan)


def spoil(*path: str | int) -> Callable[[Json], None]:
    """Put a hostile text in a place where there may be none."""

    def edit(plan: Json) -> None:
        *containers, key = path
        found: object = plan
        for step in containers:
            found = found[step]
        found[key] = ALL
        plan["digest"] = digest_of(plan)

    return edit


def test_a_saved_plan(folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(FILE)
    saved = folder / "saved"
    with Sandbox() as ecr:
        for name in ("h/a", "h/b"):
            ecr.create_repository(name)
            ecr.set_policy_text(name, json.dumps(PLACES["role"](LINES[0])))
        ecr.create_repository("unmanaged")
        show = showing(folder, sandbox_environment(ecr))
        planned = show("plan", "--out", b"plan " + PATH)
        assert "saved; apply it with: " in planned.err
        at(folder, b"plan " + PATH).rename(saved)
        plan = json.loads(saved.read_text())
        plan["findings"].append(
            {"repository": "h/a", "rule": "public", "message": "so it is", "region": "us-west-2"}
        )
        made = json.dumps(plan)
        for edit in (
            spoil("format_version"),
            spoil("tool", "version"),
            spoil("file", "path"),
            spoil("findings", 0, "region"),
            spoil("findings", 0, "message"),
            spoil("unmanaged_repositories", 0),
            spoil("registry", "regions", 0),
            spoil("changes", 0, "grants", "removed", 0, "conditions", ALL),
            spoil("changes", 0, "policy", "before"),
            spoil("digest"),
            spoil(ALL),
        ):
            document = json.loads(made)
            edit(document)
            saved.write_text(json.dumps(document))
            assert show("apply", "saved").code in (3, 5)
        document = json.loads(made)
        forge(document)
        saved.write_text(json.dumps(document))
        assert show("apply", "saved").code == 5  # nobody is there to answer
        applied = show("apply", "saved", "--yes", "--format", "json")
        assert applied.code == 6, applied.err
        assert "read-failed" in applied.out


@pytest.mark.parametrize(
    "name",
    [name for name, kind in BeginJson.__annotations__.items() if name not in ("tool", "digest")],
)
def test_a_journal(offline: Show, folder: Path, name: str) -> None:
    line = {**json.loads(begin(change(None, policy("PutImage")))), name: ALL}
    line["digest"] = digest_of(line)
    (folder / "journal").write_text(json.dumps(line, separators=(",", ":")) + "\n")
    done = offline("rollback", "journal", "--yes")
    # 1: it is read, and there are no credentials; a policy may be any text
    assert done.code == (1 if name in ("before", "after") else 5 if name == "format_version" else 3)


@pytest.mark.parametrize("command", [("rollback",), ("apply",), ("compare", "ecr_access.yaml")])
def test_a_file_that_is_none(offline: Show, folder: Path, command: tuple[str, ...]) -> None:
    at(folder, PATH).write_bytes(ARGUMENT)
    assert offline(*command, PATH).code == 3
    assert offline(*command, PATH + b"not there").code == 2


@pytest.mark.parametrize("place", PLACES)
def test_compare(offline: Show, folder: Path, place: str) -> None:
    left, right = b"left " + PATH, b"right " + PATH
    at(folder, left).write_text(json.dumps(PLACES[place](ALL)))
    at(folder, right).write_text(json.dumps(document(allow())))
    format_ = "json" if place in ("role", "value") else "text"
    assert offline("compare", left, right, "--format", format_).code in (0, 3, 4)


FORMATS = ("text", "json", "sarif", "junit")


@pytest.mark.parametrize("number", range(len(FORMATS)), ids=FORMATS)
def test_validate(offline: Show, folder: Path, number: int) -> None:
    """Whatever a file says: names, reasons, paths; first as YAML can hold it, then raw."""
    format_ = FORMATS[number]
    text = json.dumps(ALL)
    file = folder / "evil.yaml"
    file.write_text(
        FILE.partition("guards:")[0].replace(
            "ci:", f"{text}: {{role: {text}, account: {text}}}\n  ci:", 1
        )
        + f"  {text}: {{access: {{{text}: {{tier: {text}, reason: {text}}}}}}}\n"
        + f"{text}: {text}\n"
    )
    assert offline("validate", "-f", "evil.yaml", "--format", format_).code == 3
    for line in LINES[number :: len(FORMATS)]:
        file.write_text(f"{line}\n" * 3)
        assert offline("validate", "-f", "evil.yaml", "--format", format_).code == 3
    at(folder, PATH).write_bytes(FILE.encode() + ARGUMENT)
    assert offline("validate", "-f", PATH, "--format", format_).code == 3


def test_reasons(offline: Show, folder: Path) -> None:
    rules = [
        f"{{never: pull, to: ci, because: {json.dumps(text)}}}"
        for text in (*LINES, *MARKUP, *CONTROLS)
    ]
    file = folder / "ecr_access.yaml"
    file.write_text(FILE.replace("none}", f"none, rules: [{', '.join(rules)}]}}"))
    assert offline("validate").code == 3
    file.write_text(FILE.replace("none}", f"none, rules: [{', '.join(rules[: len(LINES)])}]}}"))
    done = offline("validate")
    assert done.code == 3
    assert done.out.count(FORGED) >= len(LINES)


def test_options(show: Show) -> None:
    for option in ("--allow-public", "--allow-grants", "--repository", "--journal", "--no-such"):
        assert show("apply", option, ARGUMENT).code in (0, 2, 5)
    assert show(ARGUMENT).code == 2
    assert show("plan", "--debug", "--file", PATH).code == 2


def test_aws_itself(folder: Path) -> None:
    """Names of repositories, error messages and account ids that AWS, or its proxy, may send."""
    (folder / "ecr_access.yaml").write_text(FILE.replace('"h/*"', '"*"'))

    def answer(call: Call, _before: int) -> Answer:
        match call.operation:
            case "GetCallerIdentity":
                return sts("GetCallerIdentity", "<Account>::error::x</Account><Arn>&#x9b;</Arn>")
            case "DescribeRepositories":
                return ok(repositories=[{"repositoryName": name} for name in ("a/b", ALL, *LINES)])
            case _ if call.parameters["repositoryName"] == "a/b":
                return ok(policyText=json.dumps(PLACES["role"](LINES[0])))
            case _:
                return refusal("AccessDeniedException", ALL)

    with serving() as aws:
        aws.answer = answer
        environment = {
            **clean_environment(),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
        }
        show = showing(folder, environment)
        assert show("plan").code == 1
        assert show("drift", "--format", "json").code == 1
        assert show("apply", "--yes", "--debug").code == 5
