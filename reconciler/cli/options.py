"""The options that several commands share, declared once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a result is written to stdout."""

    TEXT = "text"
    JSON = "json"


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
DEFAULT_FILE = Path("ecr_access.yaml")
