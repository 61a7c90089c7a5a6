"""No output holds a secret, whole or in part: not with `--debug`, and whatever call breaks."""

import html
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import process
from tests.cli.conftest import SEED, clean_environment
from tests.registry.scripted_aws import (
    Answer,
    Call,
    ScriptedAws,
    ok,
    refusal,
    serving,
    sts,
    sts_refusal,
)

SECRET = "Sk/+9Qm2Zt8Lw4Xr7Bn1Vc5Hj3Kd6Pf"
TOKEN = "Tk//+IQoJb3JpZ2luX2VjEPz=8Fv3Gy7Wq1Mx5Rk9=="
WEB = "eyJhbGciOi.Tq7Lp2Zx9Vb4Nm6Kc1.Hj8-Fd_3Gs5Wr"
ROLE_SECRET = "Rs/+Yt6Uj4Ik2Ol9Pz7Xs5Cd3Vf1Bg8"
ROLE_TOKEN = "Rt/+Qa1Ws3Ed5Rf7Tg9Yh2Uj4Ik6Ol8=="
ROLE = "arn:aws:iam::111122223333:role/reconciler"
_SECRETS = (SECRET, TOKEN, WEB, ROLE_SECRET, ROLE_TOKEN)
_PART = 8
_PARTS = {secret[at : at + _PART] for secret in _SECRETS for at in range(len(secret) - _PART + 1)}


def parts_in(text: str) -> set[str]:
    return {part for part in _PARTS if part in text}


@dataclass
class World:
    """A folder, an AWS that does as it is told, and the credentials to call it with."""

    folder: Path
    aws: ScriptedAws
    environment: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command, which tells no secret; give its exit code and all that it told."""
        shutil.rmtree(self.folder / ".state", ignore_errors=True)
        environment = {**self.environment, "XDG_STATE_HOME": str(self.folder / ".state")}
        given = {k: v for k, v in {**environment, **variables}.items() if v}
        ended = process.run([*arguments, "--debug"], self.folder, given)
        told = ended.out.decode() + ended.err.decode()
        new = self.folder / "new"
        kept = new.read_text() if new.exists() else ""
        assert parts_in(told + kept) == set(), told + kept
        return ended.code, told


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    (tmp_path / "web").write_text(WEB)
    with serving() as aws:
        environment = {
            **clean_environment(),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
        }
        yield World(tmp_path, aws, environment)


def credentials(operation: str) -> Answer:
    fields = {
        "AccessKeyId": "AKIAROLE",
        "SecretAccessKey": ROLE_SECRET,
        "SessionToken": ROLE_TOKEN,
        "Expiration": "2999-01-01T00:00:00Z",
    }
    xml = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return sts(operation, f"<Credentials>{xml}</Credentials>")


def calm(call: Call) -> Answer:
    match call.operation:
        case "GetCallerIdentity":
            arn = "<Arn>arn:aws:iam::111122223333:user/ci</Arn>"
            return sts("GetCallerIdentity", f"<Account>111122223333</Account>{arn}")
        case "AssumeRole" | "AssumeRoleWithWebIdentity":
            return credentials(call.operation)
        case "DescribeRepositories":
            return ok(repositories=[{"repositoryName": "payments/api"}])
        case "GetRepositoryPolicy":
            return refusal("RepositoryPolicyNotFoundException", "none")
        case "GetRegistryPolicy":
            return refusal("RegistryPolicyNotFoundException", "none")
        case _:
            return ok(repositoryName="payments/api")


def broken(how: str, call: Call, told: str) -> Answer:
    is_sts = call.operation in ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity")
    refuse = sts_refusal if is_sts else refusal
    text = html.escape(told) if is_sts else told
    return {
        "signature": refuse("SignatureDoesNotMatch", f"x-amz-security-token:{text}", 403),
        "denied": refuse("AccessDeniedException", f"User: {text} is not authorized", 403),
        "code": refuse(text, "no", 400),
    }[how]


OPERATIONS = (
    "GetCallerIdentity",
    "AssumeRole",
    "DescribeRepositories",
    "GetRegistryPolicy",
    "GetRepositoryPolicy",
    "SetRepositoryPolicy",
)
WAYS = ("signature", "code")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("way", WAYS)
def test_whatever_call_breaks(world: World, operation: str, way: str) -> None:
    settings = f"registry:\n  assume_role: {ROLE}"
    (world.folder / "ecr_access.yaml").write_text(SEED.replace("registry:", settings))
    known = (
        [SECRET, TOKEN] if operation == "AssumeRole" else [SECRET, TOKEN, ROLE_SECRET, ROLE_TOKEN]
    )

    def answer(call: Call, _before: int) -> Answer:
        if call.operation == operation:
            return broken(way, call, " ".join(known))
        return calm(call)

    world.aws.answer = answer
    code, told = world.run("apply", "--yes", "--format", "json", "--journal", "new")
    assert code in (1, 6), told


@pytest.mark.parametrize("way", ["signature", "denied"])
def test_a_web_identity_token(world: World, way: str) -> None:
    world.aws.answer = lambda call, _before: broken(way, call, WEB)
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": "web", "AWS_ROLE_ARN": ROLE}
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    code, told = world.run("drift", "--format", "json", **web, **nothing)
    assert code == 1, told
    assert "[redacted]" in told


@pytest.mark.parametrize(
    ("variable", "name", "value"),
    [
        ("AWS_ACCESS_KEY_ID", "the access key id", "AKIAEXAMPLE\r\n"),
        ("AWS_SECRET_ACCESS_KEY", "the secret access key", f"{SECRET} "),
        ("AWS_SESSION_TOKEN", "the session token", f"{TOKEN}\n"),
    ],
)
def test_white_space_has_its_own_error(world: World, variable: str, name: str, value: str) -> None:
    code, told = world.run("plan", **{variable: value})
    assert code == 1, told
    error = (
        f"error: {name} ends with white space; it comes from the environment\nhint: set it again"
    )
    assert error in told
    assert world.aws.calls == []


@pytest.mark.parametrize("form", ["profile", "source of a role", "process"])
def test_wherever_it_comes_from(world: World, form: str) -> None:
    keys = f"aws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    token = f"aws_session_token = {TOKEN}\n"
    given = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": SECRET, "SessionToken": TOKEN}
    (world.folder / "given").write_text(json.dumps(given))
    (world.folder / "config").write_text(
        {
            "profile": f"[default]\n{keys}{token}",
            "source of a role": f"[default]\nrole_arn = {ROLE}\nsource_profile = other\n"
            f"[profile other]\n{keys}{token}",
            "process": "[default]\ncredential_process = cat given\n",
        }[form]
    )
    world.environment["AWS_CONFIG_FILE"] = str(world.folder / "config")
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    world.aws.answer = lambda call, _before: broken("denied", call, SECRET + TOKEN)
    code, told = world.run("plan", **nothing)
    assert code == 1, told
    assert "[redacted]" in told


def test_a_password_in_an_address(world: World) -> None:
    code, told = world.run("plan", AWS_ENDPOINT_URL="http://me:pass-word@127.0.0.1:1")
    assert code == 1
    assert "pass-word" not in told
