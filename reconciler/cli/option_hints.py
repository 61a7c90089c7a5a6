"""The options of the command line, in hints and messages: no other package names them."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.access_file.document.problems import Problem
from reconciler.cli.options import DEFAULT_FILE
from reconciler.errors import (
    ArgumentError,
    OtherFileError,
    OtherRulesError,
    ReconcileError,
    Remedy,
)
from reconciler.model.guards import Allowances
from reconciler.model.rules import RuleId
from reconciler.printable import printable
from reconciler.report.text import unbroken

if TYPE_CHECKING:
    from reconciler.workflow import StoredPlan

HINTS = {
    Remedy.NAME_ACCESS_FILE: "'reconcile init' writes one; -f FILE or $ECR_ACCESS_FILE names "
    "another",
    Remedy.NAME_JOURNAL: "--journal PATH names another place",
    Remedy.NAME_EARLIER_VERSION: "--base GIT_REF names it",
    Remedy.SELECT_FEWER: "--repository GLOB takes a part at a time",
    Remedy.SAVE_A_PART: "'reconcile plan --repository GLOB --out PLAN' saves a part, and so do "
    "--registry NAME, --changed-since GIT_REF and --base GIT_REF --only-mine",
    Remedy.PLAN_AGAIN: "'reconcile plan --out PLAN' writes one",
    Remedy.SHOW_PLAN_SCHEMA: "'reconcile schema plan' prints the schema of a plan",
    Remedy.WRITE_ELSEWHERE: "--format json writes to stdout",
    Remedy.CHECK_AWS_SETTINGS: "check --profile, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and "
    "the files in ~/.aws",
}
_PARAMETERS = {
    "repositories": "--repository",
    "repository": "REPO",
    "principal": "PRINCIPAL",
    "what": "TIER|ACTION",
}
_ALLOWANCES = {"max_revoked": "revocations", "max_granted": "grants"}
"""The allowance of each guard that is not named like it."""


def message_of(error: ReconcileError) -> str:
    """Return an error's message; a wrong value is named by its option."""
    if isinstance(error, ArgumentError):
        option = _PARAMETERS.get(error.parameter) or f"--{error.parameter.replace('_', '-')}"
        return error.message_with(option)
    return error.message


def hint_of(error: ReconcileError) -> str | None:
    """Return an error's hint, with the option that helps where there is one."""
    if isinstance(error, OtherFileError):
        return file_option(error.made_from)
    if isinstance(error, OtherRulesError):
        return f"give {' '.join(f'--rules {as_argument(path)}' for path in error.made_with)}"
    if error.remedy is not None and error.hint == error.remedy.value:
        return HINTS[error.remedy]
    return error.hint


def file_option(path: Path | None) -> str:
    """Return a hint that names the option for an access file; None is a file not known."""
    name = "FILE" if path is None else as_argument(str(path))
    return f"-f {name} names it"


def as_argument(part: Path | str) -> str:
    """Return a path, or a part of a command, as it is typed in a shell."""
    if isinstance(part, Path) and str(part).startswith("-"):
        part = f"./{part}"
    return printable(shlex.quote(str(part)))


def allowance_option(guard: str) -> str:
    """Return the option of a guard, or of a field of `Allowances`."""
    return f"--allow-{_ALLOWANCES.get(guard, guard).replace('_', '-')}"


def problems_with_options(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems whose hints name the command or option that helps, where there is one."""
    return tuple(problem._replace(hint=_hint_with_option(problem)) for problem in problems)


def _hint_with_option(problem: Problem) -> str | None:
    if problem.rule is RuleId.EMPTY_FILE:
        return "'reconcile init' writes a starter file"
    if problem.rule is RuleId.PUBLIC and problem.repository:
        option = f"--allow-public {shlex.quote(problem.repository)}"
        return f"{problem.hint}, or pass {option} to each command that reads the file"
    return problem.hint


def apply_command(
    plan: Path,
    allowed: Allowances,
    file: Path,
    profile: str | None,
    rules: Iterable[Path] = (),
) -> str:
    """Return the command that applies a saved plan, with the options that it was made with."""
    options: list[str | Path] = ["-f", str(file)] if file != DEFAULT_FILE else []
    options += [part for path in rules for part in ("--rules", path)]
    options += ["--profile", profile] if profile else []
    for guard, value in allowed._asdict().items():
        names = sorted(value) if isinstance(value, frozenset) else [str(value)] if value else []
        options += [part for name in names for part in (allowance_option(guard), name)]
    return unbroken(" ".join(["reconcile apply", *map(as_argument, [*options, plan])]))


def plan_origin(stored: "StoredPlan") -> str:
    """Return a hint that says which file a saved plan was made from."""
    return f"the plan was made from {stored.plan.file_path}; {file_option(stored.origin)}"
