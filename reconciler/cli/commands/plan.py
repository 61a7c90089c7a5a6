"""`reconcile plan`: what would change, and why."""

from typing import Annotated

import typer

from reconciler.cli.exits import Exit, worst
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


def plan(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    show_policy: Annotated[
        bool, typer.Option("--show-policy", help="Show how each policy's JSON changes, too.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 4 when something would change.")
    ] = False,
    allow_public: AllowPublic = None,
    allow_revocations: AllowRevocations = 0,
    allow_grants: AllowGrants = 0,
) -> None:
    """Show what an apply would change; reads only."""
    from reconciler.cli.load import load_valid
    from reconciler.cli.planning import plan_guards
    from reconciler.cli.show import show_plan, show_refusals
    from reconciler.cli.survey import findings_exit, open_lines, survey
    from reconciler.plan.guards import Allowances, check_guards

    source = load_valid(file, allow_public)
    found = survey(source, open_lines(source.access), tuple(repository or ()))
    if show_policy:
        from reconciler.report.structure import structural_lines

        show_plan(found, source, format_, structural_lines)
    else:
        show_plan(found, source, format_)
    refusals = check_guards(
        found.plan, plan_guards(source.access), Allowances(allow_revocations, allow_grants)
    )
    show_refusals(refusals)
    codes = findings_exit(found.plan, source.access)
    if refusals:
        codes.append(Exit.REFUSED)
    if exit_code and found.plan.changes:
        codes.append(Exit.DIFFERS)
    raise typer.Exit(worst(codes))
