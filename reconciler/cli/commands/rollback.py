"""`reconcile rollback`: put back the policies that an apply replaced."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit, ending_with, worst
from reconciler.cli.files import a_path
from reconciler.cli.options import (
    DEFAULT_WAIT,
    AllowLockOut,
    AllowPublic,
    Format,
    JournalPath,
    NoGroup,
    OutputFormat,
    Profile,
    Quiet,
    Repository,
    Wait,
)


def rollback(
    record: Annotated[
        Path,
        typer.Argument(
            metavar="JOURNAL", parser=a_path, help="The journal of an apply; - is stdin."
        ),
    ],
    *,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    no_group: NoGroup = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Roll back without asking.")] = False,
    journal: JournalPath = None,
    wait: Wait = DEFAULT_WAIT,
    profile: Profile = None,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
    allow_lock_out: AllowLockOut = None,
) -> None:
    """Put back the policies that an apply replaced.

    What others have changed since is left alone. Needs no access file. Shows the plan, asks,
    writes, and reads back; it keeps a journal itself.
    """
    from dataclasses import replace

    from reconciler.cli.carry_out import carry_out, reason_to_skip, skip
    from reconciler.cli.journals import (
        keeping_journal,
        read_journal_file,
        require_other_file,
        require_usable,
    )
    from reconciler.cli.rolling_back import (
        journal_source,
        open_lines_of,
        origin_of_journal,
        rollback_exits,
        rollback_refusals,
        survey_writes,
    )
    from reconciler.cli.show import show_before_writing, show_outcomes
    from reconciler.cli.terminal import keep_quiet
    from reconciler.model.display_names import DisplayNames
    from reconciler.plan.model import Plan
    from reconciler.report.plan_view import view_plan

    keep_quiet(quiet)
    require_usable(journal)
    content = read_journal_file(record)
    require_other_file(record, journal)
    source = journal_source(record, content, tuple(repository or ()), allow_public or ())
    if not source.scopes:
        nothing = view_plan(Plan(), DisplayNames())
        show_outcomes((), nothing, origin_of_journal(source), format_)
        raise typer.Exit(Exit.DONE)
    lines, authors = open_lines_of(source.writes, profile)
    found = survey_writes(source, lines)
    changes = found.plan.changes
    view = view_plan(found.plan, DisplayNames())
    show_before_writing(view, format_, sure=yes, grouped=not no_group)
    refusals = rollback_refusals(
        found.plan, authors, allow_public or (), allow_lock_out or (), profile
    )
    reason = reason_to_skip(changes, refusals, sure=yes)
    codes = [Exit.REFUSED] if reason is not None else []
    if reason is not None or not changes:
        carried = skip(changes, reason or "")
    else:
        with keeping_journal(
            journal, "rollback", changes, authors, plan=None, file=source.path, profile=profile
        ) as own:
            carried = carry_out(changes, lines, own, wait=wait)
    if reason is None:
        codes += rollback_exits(found, carried)
    with ending_with(worst(codes)):
        show_outcomes(
            carried.outcomes,
            replace(view, refusals=refusals),
            origin_of_journal(source),
            format_,
            command="Rollback",
            left_alone=len(found.left_alone),
        )
