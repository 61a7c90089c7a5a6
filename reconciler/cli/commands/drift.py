"""`reconcile drift`: does what is live still say what the file says?"""

import typer

from reconciler.cli.exits import Exit, worst
from reconciler.cli.options import DEFAULT_FILE, AllowPublic, File, Format, OutputFormat, Repository


def drift(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    allow_public: AllowPublic = None,
) -> None:
    """Tell where what is live differs; reads only.

    Exits 4 where it does. A grant whose time is over is named, and is no drift.
    """
    from dataclasses import replace

    from reconciler.cli.load import load_valid
    from reconciler.cli.show import show_drift
    from reconciler.cli.survey import findings_exit, open_lines, survey
    from reconciler.plan.compute import without_expired

    source = load_valid(file, allow_public)
    found = survey(source, open_lines(source.access), tuple(repository or ()))
    found = replace(found, plan=without_expired(found.plan))
    show_drift(found, source, format_)
    codes = findings_exit(found.plan, source.access)
    if found.plan.changes:
        codes.append(Exit.DIFFERS)
    raise typer.Exit(worst(codes))
