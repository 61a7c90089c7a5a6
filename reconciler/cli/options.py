"""The options that several commands share, declared once."""

import math
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.completing import entry_names, entry_patterns
from reconciler.cli.files import a_path


class Format(StrEnum):
    """How a result is written to stdout."""

    TEXT = "text"
    JSON = "json"


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line, right or wrong, asks for JSON: the last --format counts."""
    options = " ".join(arguments).partition(" -- ")[0]
    formats = re.findall(r"(?<!\S)--format[ =](\S+)", options)
    return formats[-1:] == ["json"]


def not_empty(name: str | None) -> str | None:
    """Refuse an empty name: it would count as no option at all."""
    if name == "":
        raise typer.BadParameter("the name is empty")
    return name


def finite(seconds: float) -> float:
    """Refuse what is no number of seconds: NaN is neither too little nor too much."""
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is no number of seconds")
    return seconds


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
        help="Only repositories that match; * and ?. Repeatable.",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How the result is written.")]
NoGroup = Annotated[
    bool, typer.Option("--no-group", help="Show equal changes of several repositories one by one.")
]
AllowPublic = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-public",
        metavar="REPO",
        autocompletion=entry_patterns,
        help="Let this repository be public. Repeatable.",
    ),
]
AllowRevocations = Annotated[
    int,
    typer.Option(
        "--allow-revocations",
        metavar="N",
        min=0,
        help="Let N grants be revoked where max_revoked forbids it.",
    ),
]
AllowGrants = Annotated[
    int,
    typer.Option(
        "--allow-grants",
        metavar="N",
        min=0,
        help="Let N grants be added where max_granted forbids it.",
    ),
]
AllowEmpty = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-empty",
        metavar="REPO",
        autocompletion=entry_names,
        help="Let this repository lose all its access. Repeatable.",
    ),
]
AllowLockOut = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-lock-out",
        metavar="REPO",
        autocompletion=entry_names,
        help="Let a Deny keep the caller from this repository's policy. Repeatable.",
    ),
]
AllowNever = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-never",
        metavar="REPO",
        autocompletion=entry_names,
        help="Let a never rule stay broken on this repository. Repeatable.",
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=600,
        callback=finite,
        help="How long to wait for new roles that AWS does not know yet.",
    ),
]
JournalPath = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        metavar="PATH",
        parser=a_path,
        help="Where every write is recorded, for rollback; appended.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        callback=not_empty,
        help="The AWS profile to use, before AWS_PROFILE and credentials of the environment.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show no notes and no progress; errors are shown.")
]
DEFAULT_FILE = Path("ecr_access.yaml")
DEFAULT_WAIT = 20.0
