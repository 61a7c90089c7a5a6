"""What others use for the same: how each is run on a folder that `prepare` has made.

A folder has `names.json`, the repositories, and `policies.json`, their policies by name. Python
packages have environments of their own in `.venv-bench/`, which are made where they are missing.
Nothing else is installed.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.fast_ecr import REGION
from benchmarks.speed.processes import run, tell
from tests.cli.terraform import PLUGINS, PROVIDER, SETTINGS
from tests.cli.terraform import PROGRAM as TERRAFORM

ENVIRONMENTS = Path(__file__).parents[2] / ".venv-bench"
PLAIN = str(Path(__file__).with_name("plain_clients.py"))
AT_ONCE = 64
NO_PACKAGE = "its package can't be installed"

AWS_LOOP = """\
aws ecr describe-repositories --query repositories[].repositoryName --output text |
tr '\\t' '\\n' | grep . | while read -r name; do
  aws ecr get-repository-policy --repository-name "$name" --output text || exit 1
done > /dev/null
"""
PLAYBOOK = f"""\
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    policies: "{{{{ lookup('file', 'policies.json') | from_json }}}}"
  tasks:
    - community.aws.ecs_ecr:
        name: "{{{{ item }}}}"
        policy: "{{{{ policies[item] }}}}"
        region: {REGION}
      check_mode: true
      loop: "{{{{ lookup('file', 'names.json') | from_json }}}}"
"""
CUSTODIAN = """\
policies:
  - name: access
    resource: aws.ecr
    filters: [{type: cross-account, whitelist: ["444455556666"]}]
"""
TERRAFORM_FILE = (
    PROVIDER
    + """
resource "aws_ecr_repository_policy" "this" {
  for_each   = jsondecode(file("${path.module}/policies.json"))
  repository = each.key
  policy     = jsonencode(each.value)
}
"""
)


def nothing(_folder: Path, _environment: Mapping[str, str]) -> None:
    """Prepare nothing."""


class Program(NamedTuple):
    """A program that checks or reads the policies of the repositories of a folder.

    `does` says in how far its work differs from that of others. One that is slow is measured on
    `repositories`, and the rest is extrapolated; on all with 0.
    """

    name: str
    version: str
    does: str
    command: list[str]
    repositories: int = 0
    settings: Mapping[str, str] = {}
    prepare: Callable[[Path, Mapping[str, str]], None] = nothing


class Absent(NamedTuple):
    """A program that this machine does not have."""

    name: str
    why: str


def boto3(name: str, threads: int, repositories: int = 0) -> Program:
    command = [sys.executable, PLAIN, "boto3", str(threads)]
    return Program(name, version("boto3"), "reads", command, repositories)


def floor(*more: str) -> list[str]:
    return [sys.executable, PLAIN, "floor", str(AT_ONCE), *more]


def aiobotocore() -> Program | Absent:
    name = "aiobotocore"
    folder = packaged(name)
    if folder is None:
        return Absent(name, NO_PACKAGE)
    command = [str(folder / "python"), PLAIN, "aiobotocore", str(AT_ONCE)]
    return Program(name, version_of(name, folder), f"reads, {AT_ONCE} calls at once", command)


def aws() -> Program | Absent:
    name = "aws, a shell loop"
    if shutil.which("aws") is None:
        return Absent(name, "there is no aws on the PATH")
    found = output(["aws", "--version"]).split()[0].removeprefix("aws-cli/")
    return Program(name, found, "reads; a process for each repository", ["sh", "-c", AWS_LOOP], 5)


def ansible() -> Program | Absent:
    name = "Ansible, ecs_ecr"
    folder = packaged("ansible", "boto3")
    if folder is None:
        return Absent(name, NO_PACKAGE)
    # The module runs in the interpreter that has boto3.
    variable = f"ansible_python_interpreter={folder / 'python'}"
    options = ["-i", "localhost,", "-e", variable, "playbook.yaml"]
    command = [str(folder / "ansible-playbook"), *options]
    does = "compares, in check mode; a process for each repository"
    return Program(name, version_of("ansible", folder), does, command, 5)


def custodian() -> Program | Absent:
    name = "Cloud Custodian"
    folder = packaged("c7n")
    if folder is None:
        return Absent(name, NO_PACKAGE)
    options = ["run", "--dryrun", "--cache-period=0", "-s", "found", "custodian.yaml"]
    does = "filter `cross-account`; reads the tags, too"
    return Program(name, version_of("c7n", folder), does, [str(folder / "custodian"), *options], 50)


def terraform() -> Program | Absent:
    name = "Terraform, plan"
    if TERRAFORM is None or PLUGINS is None:
        return Absent(name, "Terraform or its AWS provider is not installed")
    found = json.loads(output([TERRAFORM, "version", "-json"]))["terraform_version"]
    command = [TERRAFORM, "plan", "-no-color", "-detailed-exitcode"]
    does = "reads what its state has, and compares"
    return Program(name, found, does, command, 100, SETTINGS, take_over)


HEAVY: tuple[Callable[[], Program | Absent], ...] = (aws, ansible, custodian, terraform)


def packaged(*packages: str) -> Path | None:
    """Return the programs of packages in an environment of their own; None if there can be none."""
    folder = ENVIRONMENTS / packages[0]
    ready, programs = folder / ".ready", folder / "bin"
    if not ready.exists():
        tell(f"setting up {folder.name} (once; takes a minute or more)")
        steps = (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(programs / "python"), "-m", "pip", "install", "--quiet", *packages],
        )
        for step in steps:
            if subprocess.run(step, capture_output=True, check=False).returncode != 0:
                return None
        ready.touch()
    return programs


def version_of(package: str, programs: Path) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return output([str(programs / "python"), "-c", code])


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()


def prepare(folder: Path, policies: Mapping[str, str]) -> None:
    """Write what the clients read."""
    documents = {name: json.loads(text) for name, text in policies.items()}
    for name, text in {
        "names.json": json.dumps(list(policies)),
        "policies.json": json.dumps(documents),
        "playbook.yaml": PLAYBOOK,
        "custodian.yaml": CUSTODIAN,
        "main.tf": TERRAFORM_FILE,
    }.items():
        (folder / name).write_text(text)


def take_over(folder: Path, environment: Mapping[str, str]) -> None:
    """Give Terraform a state, by an apply; the registry must have the policies already."""
    assert TERRAFORM is not None
    tell("making a state for Terraform")
    settings = {**environment, **SETTINGS}
    run([TERRAFORM, "init", "-no-color", f"-plugin-dir={PLUGINS}"], folder, settings)
    run([TERRAFORM, "apply", "-no-color", "-auto-approve", "-parallelism=64"], folder, settings)
