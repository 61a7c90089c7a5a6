"""`reconcile schema`: print a JSON schema."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.terminal import out


class Schema(StrEnum):
    """The schemas that there are."""

    ACCESS = "access"


_FILES = {Schema.ACCESS: "ecr_access.schema.json"}


def schema(
    which: Annotated[
        Schema, typer.Argument(metavar="SCHEMA", help="Which one: access.")
    ] = Schema.ACCESS,
) -> None:
    """Print the JSON schema of the access file."""
    from reconciler.access.schema import schema_text

    out(schema_text(_FILES[which]))
