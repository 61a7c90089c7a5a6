"""`reconcile drift`: does what is live still say what the file says?"""

import typer

from reconciler.cli.exits import Exit, worst
from reconciler.cli.options import (
    DEFAULT_FILE,
    AllowPublic,
    File,
    Format,
    NoGroup,
    OutputFormat,
    Profile,
    Quiet,
    Repository,
)


def drift(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    no_group: NoGroup = False,
    profile: Profile = None,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
) -> None:
    """Tell where what is live differs from the file; reads only.

    Exits 4 where it does, or breaks a never rule. A grant whose time is over is named, and is no
    drift. Repositories that a never rule is about are read although no entry matches them.
    """
    from dataclasses import replace

    from reconciler.access_file.checks.never import watched_names
    from reconciler.cli.load import load_valid
    from reconciler.cli.show import show_drift
    from reconciler.cli.survey import findings_exit, open_lines, survey
    from reconciler.cli.terminal import keep_quiet
    from reconciler.plan.compute import without_expired

    keep_quiet(quiet)
    source = load_valid(file, allow_public)
    lines, globs = open_lines(source.access, profile), tuple(repository or ())
    found = survey(source, lines, globs, watched_names)
    found = replace(found, plan=without_expired(found.plan))
    show_drift(found, source, format_, grouped=not no_group)
    codes = findings_exit(found.plan, source.access)
    if found.plan.changes or found.plan.violations:
        codes.append(Exit.DIFFERS)
    raise typer.Exit(worst(codes))
