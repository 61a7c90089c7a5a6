"""The options that several commands share, their values, and the completion of these."""

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from reconciler.cli.outputs import Output, output_parser
from reconciler.cli.terminal import keep_quiet
from reconciler.errors import UsageError
from reconciler.model.guards import Allowances
from reconciler.model.transport import Transport

if TYPE_CHECKING:
    from reconciler.workflow.file.written_names import WrittenNames

DEFAULT_FILE = Path("ecr_access.yaml")
STDIN = Path("-")

_HARMLESS = r"[A-Za-z0-9*?][A-Za-z0-9._/@+*?-]*"
"""Names that are safe to complete: the completion scripts of some shells evaluate them."""


class Format(StrEnum):
    """The format of a result on stdout."""

    TEXT = "text"
    JSON = "json"


class ProblemFormat(StrEnum):
    """The format of a file's problems on stdout."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class PlanFormat(StrEnum):
    """The format of a plan or of drift on stdout."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"
    GITHUB = "github"


class OutcomeFormat(StrEnum):
    """The format of the outcomes of a run on stdout."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a command line, valid or not, asks for JSON; the last --format counts."""
    options = " ".join(arguments).partition(" -- ")[0]
    formats = re.findall(r"(?<!\S)--format[ =](\S+)", options)
    return formats[-1:] == ["json"]


def a_path(text: str | Path) -> Path:
    """Parse a path; an empty one, which would be the current directory, is refused."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


def access_file_at(text: str | Path) -> Path:
    """Parse the path of an access file; of a directory, the file in it that has the usual name."""
    path = a_path(text)
    is_folder = path != STDIN and os.path.isdir(path)  # noqa: PTH112 - that raises where it may not look
    return path / DEFAULT_FILE if is_folder else path


def name_of(path: Path) -> str:
    """Return what messages call a file: its path, or stdin for `-`."""
    return "stdin" if path == STDIN else str(path)


def file_of(path: Path) -> Path | None:
    """Return where a file is; None for `-`."""
    return None if path == STDIN else path


def stdin_of(path: Path) -> BinaryIO | None:
    """Return stdin for `-`, None for a file that is still to be opened."""
    return sys.stdin.buffer if path == STDIN else None


def require_one_stdin(*paths: Path | None) -> None:
    """Raise UsageError where more than one of these is stdin."""
    if paths.count(STDIN) > 1:
        raise UsageError("stdin can be read once: only one of the files may be -")


def require_no_stdout(option: str, path: Path | None, hint: str) -> None:
    """Raise UsageError where a file to write is `-`."""
    if path == STDIN:
        raise UsageError(f"{option} -: this takes the path of a file", hint=hint)


def not_empty(name: str | None) -> str | None:
    """Refuse an empty name, which would be taken for no option."""
    if name == "":
        raise typer.BadParameter("the name is empty")
    return name


def finite(seconds: float) -> float:
    """Refuse NaN, which passes every check of a minimum and a maximum, and infinity."""
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is not a number of seconds")
    return seconds


def entry_patterns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the file's repositories and patterns that begin with `incomplete`."""
    return _harmless(_written(ctx).entries, incomplete)


def entry_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the file's repositories that begin with `incomplete`, without patterns."""
    return [name for name in entry_patterns(ctx, incomplete) if not set("*?") & set(name)]


def principal_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the file's names of principals and accounts that begin with `incomplete`."""
    return _harmless(_written(ctx).principals, incomplete)


def registry_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the file's registries that begin with `incomplete`."""
    return _harmless(_written(ctx).registries, incomplete)


def revisions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the branches and tags that begin with `incomplete`, of the file's git repository."""
    from reconciler.workflow.file.git_repository import branches_and_tags  # noqa: PLC0415 - costs

    return _harmless(branches_and_tags(_file(ctx)), incomplete)


def _written(ctx: typer.Context) -> "WrittenNames":
    from reconciler.workflow.file.written_names import written_names  # noqa: PLC0415 - costs

    return written_names(_file(ctx))


def _file(ctx: typer.Context) -> Path:
    return ctx.params.get("file") or DEFAULT_FILE


def _harmless(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(n for n in names if n.startswith(incomplete) and re.fullmatch(_HARMLESS, n))


def _allow(option: str, what: str, complete: Callable[..., list[str]] = entry_names) -> object:
    """Return an option that names repositories, completed from the file."""
    text = f"Allow {what}. Repeatable."
    return typer.Option(option, metavar="REPO", autocompletion=complete, help=text)


def _allow_grants(option: str, what: str) -> object:
    return typer.Option(option, metavar="N", min=0, help=f"Allow up to N grants to {what}.")


def written(formats: type[StrEnum]) -> object:
    """Return an option that names files to write, in these formats."""
    return typer.Option(
        "--write",
        metavar="FORMAT=PATH",
        parser=output_parser(formats),
        help="Also write the result to a file, in this format. Repeatable.",
    )


Names = list[str] | None
"""The values of an option that is repeatable; None where it is not given."""

File = Annotated[
    Path,
    typer.Option(
        "--file",
        "-f",
        envvar="ECR_ACCESS_FILE",
        parser=access_file_at,
        help="The access file, or the directory of ecr_access.yaml; - is stdin.",
        metavar="FILE",
    ),
]
Rules = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules",
        envvar="ECR_ACCESS_RULES",
        parser=a_path,
        metavar="FILE",
        help="A file of never rules that hold, too; - is stdin. Repeatable.",
    ),
]
Repository = Annotated[
    Names,
    typer.Option(
        "--repository",
        metavar="GLOB",
        autocompletion=entry_patterns,
        help="Only repositories that match; * and ? are wildcards. Repeatable.",
    ),
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="GIT_REF",
        callback=not_empty,
        autocompletion=revisions,
        help="Only what the file asks for differently since this git revision; reads nothing else.",
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="GIT_REF",
        callback=not_empty,
        autocompletion=revisions,
        help="Tell what the file's edit since this git revision changes apart from drift.",
    ),
]
OnlyMine = Annotated[
    bool,
    typer.Option(
        "--only-mine", help="With --base: only what that edit changes; drift stays as it is."
    ),
]
Registries = Annotated[
    Names,
    typer.Option(
        "--registry",
        metavar="NAME",
        autocompletion=registry_names,
        help="Only this one of the file's registries. Repeatable.",
    ),
]
Accounts = Annotated[
    Names,
    typer.Option(
        "--registry",
        metavar="ACCOUNT",
        help="Only the registry of this account. Repeatable.",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Format of the result.")]
OutputProblemFormat = Annotated[
    ProblemFormat, typer.Option("--format", help="Format of the problems.")
]
ProblemOutputs = Annotated[list[Output] | None, written(ProblemFormat)]
OutputPlanFormat = Annotated[PlanFormat, typer.Option("--format", help="Format of the result.")]
PlanOutputs = Annotated[list[Output] | None, written(PlanFormat)]
OutputOutcomeFormat = Annotated[
    OutcomeFormat, typer.Option("--format", help="Format of the result.")
]
OutcomeOutputs = Annotated[list[Output] | None, written(OutcomeFormat)]
NoGroup = Annotated[
    bool, typer.Option("--no-group", help="Show equal changes of several repositories separately.")
]
AllowPublic = Annotated[
    Names, _allow("--allow-public", "this repository to be public", entry_patterns)
]
AllowRevocations = Annotated[
    int,
    _allow_grants("--allow-revocations", "be revoked in this run, in place of max_revoked"),
]
AllowGrants = Annotated[
    int, _allow_grants("--allow-grants", "be added in this run, in place of max_granted")
]
AllowEmpty = Annotated[Names, _allow("--allow-empty", "this repository to lose all its access")]
AllowLockOut = Annotated[
    Names,
    _allow("--allow-lock-out", "a Deny that locks the caller out of this repository's policy"),
]
AllowNever = Annotated[
    Names, _allow("--allow-never", "a never rule to stay violated on this repository")
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=600,
        callback=finite,
        help="How long to wait for new roles that do not exist in AWS yet.",
    ),
]
JournalPath = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        metavar="PATH",
        parser=a_path,
        help="File to record every write in, for rollback; appended to.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        callback=not_empty,
        help="AWS profile; takes precedence over AWS_PROFILE and credentials in the environment.",
    ),
]
CallsBy = Annotated[
    Transport,
    typer.Option(
        "--transport",
        help="What makes the most frequent calls: a fast path, or boto3 as for all others.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", callback=keep_quiet, help="Hide notes and progress; errors are shown."
    ),
]
"""Its callback applies it: a command that has it needs no more."""


def allowances(
    *,
    public: Names,
    revocations: int = 0,
    grants: int = 0,
    empty: Names = None,
    lock_out: Names = None,
    never: Names = None,
) -> Allowances:
    """Return what the --allow options allow; None is an option that was not given."""
    names = (frozenset(option or ()) for option in (public, empty, lock_out, never))
    return Allowances(revocations, grants, *names)
