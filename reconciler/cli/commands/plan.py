"""`reconcile plan`: what would change, and why."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit, worst
from reconciler.cli.files import a_path
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
    Profile,
    Quiet,
    Repository,
)


def plan(
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    plan_out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PLAN",
            parser=a_path,
            help="Save the plan, for 'reconcile apply PLAN'.",
        ),
    ] = None,
    show_policy: Annotated[
        bool, typer.Option("--show-policy", help="Show each policy's JSON as a diff, too.")
    ] = False,
    no_group: NoGroup = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 4 when something would change.")
    ] = False,
    profile: Profile = None,
    quiet: Quiet = False,
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
    from reconciler.cli.show import origin_of, show_plan, show_refusals, view_of
    from reconciler.cli.survey import caller_arn, findings_exit, open_lines, survey
    from reconciler.cli.terminal import keep_quiet

    keep_quiet(quiet)
    if plan_out is not None:
        from reconciler.cli.plan_file import note_saved, require_savable, write_plan_file
        from reconciler.report.plan_json import render_plan_json

        require_savable(plan_out)
    source = load_valid(file, allow_public)
    lines = open_lines(source.access, profile)
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
    view, origin = view_of(found), origin_of(source)
    if plan_out is not None:  # before stdout has a plan, so that a failure stands there alone
        write_plan_file(plan_out, render_plan_json(view, origin))
    if show_policy:
        from reconciler.report.structure import explain_json

        show_plan(view, origin, format_, explain_json, grouped=not no_group)
    else:
        show_plan(view, origin, format_, grouped=not no_group)
    show_refusals(found.refusals)
    if plan_out is not None:
        options = options_of(allowed, file, profile)
        note_saved(plan_out, options, refused=bool(found.refusals))
    codes = findings_exit(found.plan, source.access)
    if found.refusals:
        codes.append(Exit.REFUSED)
    if exit_code and found.plan.changes:
        codes.append(Exit.DIFFERS)
    raise typer.Exit(worst(codes))
