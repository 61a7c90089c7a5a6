"""`reconcile compare`: do two policy documents mean the same?"""

from typing import Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import Format, OutputFormat


def compare(
    left: Annotated[str, typer.Argument(metavar="LEFT", help="A policy document; - is stdin.")],
    right: Annotated[str, typer.Argument(metavar="RIGHT", help="Another; - is stdin.")],
    *,
    format_: OutputFormat = Format.TEXT,
) -> None:
    """Compare two policy documents by meaning.

    Exits 0 where they mean the same, 4 with the difference as access where they do not, and 3
    for what is no policy document.
    """
    from reconciler.cli.compare import compare_documents, read_document
    from reconciler.cli.terminal import out, paint_for, show
    from reconciler.errors import UsageError
    from reconciler.report.comparison import render_comparison, render_comparison_json

    if left == right == "-":
        raise UsageError("stdin can be read once: only one of the two may be -")
    comparison = compare_documents(read_document(left), read_document(right))
    if format_ is Format.JSON:
        out(render_comparison_json(comparison))
    else:
        import sys

        show(render_comparison(comparison, paint_for(sys.stdout)))
    if comparison.unreadable:
        raise typer.Exit(Exit.INVALID)
    raise typer.Exit(Exit.DIFFERS if comparison.access else Exit.DONE)
