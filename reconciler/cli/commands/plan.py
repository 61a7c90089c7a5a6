"""`reconcile plan`: what would change, and why."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit, worst
from reconciler.cli.options import (
    DEFAULT_FILE,
    AllowEmpty,
    AllowGrants,
    AllowLockOut,
    AllowNever,
    AllowPublic,
    AllowRevocations,
    File,
    Format,
    NoGroup,
    OutputFormat,
    Repository,
)


def plan(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    plan_out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PLAN", help="Save the plan, for 'reconcile apply PLAN'."),
    ] = None,
    show_policy: Annotated[
        bool, typer.Option("--show-policy", help="Show each policy's JSON as a diff, too.")
    ] = False,
    no_group: NoGroup = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 4 when something would change.")
    ] = False,
    allow_public: AllowPublic = None,
    allow_revocations: AllowRevocations = 0,
    allow_grants: AllowGrants = 0,
    allow_empty: AllowEmpty = None,
    allow_lock_out: AllowLockOut = None,
    allow_never: AllowNever = None,
) -> None:
    """Show what an apply would change; reads only."""
    from reconciler.cli.guarding import allowances, guarded, options_of
    from reconciler.cli.load import load_valid
    from reconciler.cli.show import plan_text, show_plan, show_refusals
    from reconciler.cli.survey import caller_arn, findings_exit, open_lines, survey

    source = load_valid(file, allow_public)
    lines = open_lines(source.access)
    found = survey(source, lines, tuple(repository or ()))
    allowed = allowances(
        revocations=allow_revocations,
        grants=allow_grants,
        public=allow_public,
        empty=allow_empty,
        lock_out=allow_lock_out,
        never=allow_never,
    )
    found = guarded(found, source.access, allowed, lambda: caller_arn(lines))
    if show_policy:
        from reconciler.report.structure import explain_json

        show_plan(found, source, format_, explain_json, grouped=not no_group)
    else:
        show_plan(found, source, format_, grouped=not no_group)
    show_refusals(found.refusals)
    if plan_out is not None:
        from reconciler.cli.plan_file import save_plan

        options = options_of(allowed, source.path)
        refused = bool(found.refusals)
        save_plan(plan_out, plan_text(found, source), options=options, refused=refused)
    codes = findings_exit(found.plan, source.access)
    if found.refusals:
        codes.append(Exit.REFUSED)
    if exit_code and found.plan.changes:
        codes.append(Exit.DIFFERS)
    raise typer.Exit(worst(codes))
