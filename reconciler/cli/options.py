"""The options that several commands share."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from typer.models import OptionInfo

from reconciler.cli.completion import entry_names, entry_patterns
from reconciler.cli.files import a_path
from reconciler.model.guards import Allowances


class Format(StrEnum):
    """The format of a result on stdout."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """The format of a result on stdout that can be a page, too."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


SomeFormat = TypeVar("SomeFormat", bound=StrEnum)


def able_to_render(format_: SomeFormat) -> SomeFormat:
    """Raise ReconcileError, before any work is done, where the packages for HTML are missing."""
    if format_ == PageFormat.HTML:
        import reconciler.report.html.page  # noqa: F401, PLC0415 - the others do not need it
    return format_


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a command line, valid or not, asks for JSON; the last --format counts."""
    options = " ".join(arguments).partition(" -- ")[0]
    formats = re.findall(r"(?<!\S)--format[ =](\S+)", options)
    return formats[-1:] == ["json"]


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


def _repositories(
    option: str, text: str, complete: Callable[..., list[str]] = entry_names
) -> OptionInfo:
    """Return an option that names repositories, completed from the file."""
    info: OptionInfo = typer.Option(
        option, metavar="REPO", autocompletion=complete, help=f"{text} Repeatable."
    )
    return info


def _grants(option: str, text: str) -> OptionInfo:
    """Return an option for a number of grants."""
    info: OptionInfo = typer.Option(option, metavar="N", min=0, help=text)
    return info


File = Annotated[
    Path,
    typer.Option(
        "--file",
        "-f",
        envvar="ECR_ACCESS_FILE",
        parser=a_path,
        help="The access file; - is stdin.",
        metavar="FILE",
    ),
]
Repository = Annotated[
    list[str] | None,
    typer.Option(
        "--repository",
        metavar="GLOB",
        autocompletion=entry_patterns,
        help="Only repositories that match; * and ? are wildcards. Repeatable.",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Format of the result.")]
OutputPageFormat = Annotated[
    PageFormat,
    typer.Option("--format", callback=able_to_render, help="Format of the result."),
]
NoGroup = Annotated[
    bool, typer.Option("--no-group", help="Show equal changes of several repositories separately.")
]
AllowPublic = Annotated[
    list[str] | None,
    _repositories("--allow-public", "Allow this repository to be public.", entry_patterns),
]
AllowRevocations = Annotated[
    int,
    _grants(
        "--allow-revocations",
        "Allow up to N grants to be revoked in this run, in place of max_revoked.",
    ),
]
AllowGrants = Annotated[
    int,
    _grants(
        "--allow-grants", "Allow up to N grants to be added in this run, in place of max_granted."
    ),
]
AllowEmpty = Annotated[
    list[str] | None,
    _repositories("--allow-empty", "Allow this repository to lose all its access."),
]
AllowLockOut = Annotated[
    list[str] | None,
    _repositories(
        "--allow-lock-out",
        "Allow a Deny that locks the caller out of this repository's policy.",
    ),
]
AllowNever = Annotated[
    list[str] | None,
    _repositories("--allow-never", "Allow a never rule to stay violated on this repository."),
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
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Hide notes and progress; errors are shown.")
]
DEFAULT_FILE = Path("ecr_access.yaml")


def allowances(
    *,
    public: Iterable[str] | None,
    revocations: int = 0,
    grants: int = 0,
    empty: Iterable[str] | None = None,
    lock_out: Iterable[str] | None = None,
    never: Iterable[str] | None = None,
) -> Allowances:
    """Return what the --allow options allow; None is an option that was not given."""
    names = (frozenset(option or ()) for option in (public, empty, lock_out, never))
    return Allowances(revocations, grants, *names)
