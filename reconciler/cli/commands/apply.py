"""`reconcile apply`: make the live policies what the file says."""

from typing import Annotated

import typer

from reconciler.cli.exits import worst
from reconciler.cli.options import (
    DEFAULT_FILE,
    AllowGrants,
    AllowPublic,
    AllowRevocations,
    File,
    Format,
    OutputFormat,
    Repository,
)


def apply(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    allow_public: AllowPublic = None,
    allow_revocations: AllowRevocations = 0,
    allow_grants: AllowGrants = 0,
) -> None:
    """Apply only what changes.

    Shows the plan, asks, writes, and reads back.
    """
    from reconciler.cli.carry_out import carry_out, exits_of, reason_to_skip
    from reconciler.cli.load import load_valid
    from reconciler.cli.planning import plan_guards
    from reconciler.cli.show import note_plan, show_outcomes, show_plan, show_refusals
    from reconciler.cli.survey import findings_exit, open_lines, survey
    from reconciler.plan.guards import Allowances, check_guards
    from reconciler.registry.session import require_account

    source = load_valid(file, allow_public)
    lines = open_lines(source.access)
    for line in lines.values():
        require_account(line.connection)
    found = survey(source, lines, tuple(repository or ()))
    if format_ is Format.TEXT:
        show_plan(found, source, format_)
    elif not yes:
        note_plan(found)
    allowances = Allowances(allow_revocations, allow_grants)
    refusals = check_guards(found.plan, plan_guards(source.access), allowances)
    show_refusals(refusals)
    skipped = reason_to_skip(found.plan, refusals, sure=yes)
    outcomes = carry_out(found.plan.changes, lines, skipped)
    show_outcomes(outcomes, found, source, format_)
    raise typer.Exit(
        worst([*findings_exit(found.plan, source.access), *exits_of(found.plan, outcomes, skipped)])
    )
