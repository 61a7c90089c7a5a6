"""The options that several commands share, declared once."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a result is written to stdout."""

    TEXT = "text"
    JSON = "json"


def finite(seconds: float) -> float:
    """Refuse what is no number of seconds: NaN is neither too little nor too much."""
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is no number of seconds")
    return seconds


File = Annotated[
    Path,
    typer.Option("--file", "-f", envvar="ECR_ACCESS_FILE", help="The access file.", metavar="FILE"),
]
Repository = Annotated[
    list[str] | None,
    typer.Option(
        "--repository", metavar="GLOB", help="Only repositories that match; * and ?. Repeatable."
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How the result is written.")]
NoGroup = Annotated[
    bool, typer.Option("--no-group", help="Show equal changes of several repositories one by one.")
]
AllowPublic = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-public", metavar="REPO", help="Let this repository be public. Repeatable."
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
        "--allow-empty", metavar="REPO", help="Let this repository lose all its access. Repeatable."
    ),
]
AllowLockOut = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-lock-out",
        metavar="REPO",
        help="Let a Deny keep the caller from this repository's policy. Repeatable.",
    ),
]
AllowNever = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-never",
        metavar="REPO",
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
        "--journal", metavar="PATH", help="Where every write is recorded, for rollback; appended."
    ),
]
DEFAULT_FILE = Path("ecr_access.yaml")
DEFAULT_WAIT = 20.0
