"""`reconcile schema`: print a JSON schema."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.terminal import out


class Schema(StrEnum):
    """The schemas that there are."""

    ACCESS = "access"
    PLAN = "plan"


_FILES = {Schema.ACCESS: "ecr_access.schema.json", Schema.PLAN: "plan.schema.json"}


def schema(
    which: Annotated[
        Schema,
        typer.Argument(metavar="SCHEMA", help="Which one: access (the file's) or plan (its JSON)."),
    ] = Schema.ACCESS,
) -> None:
    """Print the JSON schema of the access file, or of a plan."""
    from reconciler.access_file.document.schema import schema_text

    out(schema_text(_FILES[which]))
