"""`reconcile compare`: do two policy documents mean the same?"""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.files import a_path, require_one_stdin
from reconciler.cli.options import Format, OutputFormat, Quiet


def compare(
    left: Annotated[
        Path,
        typer.Argument(metavar="LEFT", parser=a_path, help="A policy document; - is stdin."),
    ],
    right: Annotated[
        Path, typer.Argument(metavar="RIGHT", parser=a_path, help="Another; - is stdin.")
    ],
    *,
    format_: OutputFormat = Format.TEXT,
    quiet: Quiet = False,
) -> None:
    """Compare two policy documents by meaning.

    Exits 0 where they mean the same, 4 with the difference as access where they do not, and 3
    for what is no policy document.
    """
    from reconciler.cli.compare import compare_documents, read_document
    from reconciler.cli.terminal import keep_quiet, out, paint_for, show
    from reconciler.report.comparison import render_comparison, render_comparison_json

    keep_quiet(quiet)
    require_one_stdin(left, right)
    comparison = compare_documents(read_document(left), read_document(right))
    if format_ is Format.JSON:
        out(render_comparison_json(comparison))
    else:
        import sys

        show(render_comparison(comparison, paint_for(sys.stdout)))
    if comparison.unreadable:
        raise typer.Exit(Exit.INVALID)
    raise typer.Exit(Exit.DIFFERS if comparison.access else Exit.DONE)
