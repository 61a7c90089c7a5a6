"""The commands that compare the registry with the file, and only read: plan and drift."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler import report, workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import a_path, require_no_stdout
from reconciler.cli.outputs import check_outputs
from reconciler.cli.terminal import note
from reconciler.model.transport import Transport


def plan(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    rules: opt.Rules = None,
    repository: opt.Repository = None,
    registry: opt.Registries = None,
    changed_since: opt.ChangedSince = None,
    base: opt.Base = None,
    only_mine: opt.OnlyMine = False,
    format_: opt.OutputPlanFormat = opt.PlanFormat.TEXT,
    outputs: opt.PlanOutputs = None,
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
    no_group: opt.NoGroup = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 4 when something would change.")
    ] = False,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
    allow_revocations: opt.AllowRevocations = 0,
    allow_grants: opt.AllowGrants = 0,
    allow_empty: opt.AllowEmpty = None,
    allow_lock_out: opt.AllowLockOut = None,
    allow_never: opt.AllowNever = None,
) -> None:
    """Show what an apply would change; reads only."""
    from reconciler.cli import results
    from reconciler.cli.files import load_earlier, load_valid
    from reconciler.cli.option_hints import apply_command

    written = check_outputs("plan", format_, outputs, file, *(rules or ()), plan_out)
    shown = results.Shown(format_, written, not no_group)
    if plan_out is not None:
        from reconciler.workflow.plans.saved_plans import place_for

        require_no_stdout("--out", plan_out, "--format json writes the plan to stdout")
        place_for(plan_out)  # before there is a plan
    allowed = opt.allowances(
        public=allow_public,
        revocations=allow_revocations,
        grants=allow_grants,
        empty=allow_empty,
        lock_out=allow_lock_out,
        never=allow_never,
    )
    source = load_valid(file, allowed, registry, rules=rules)
    earlier = load_earlier(file, source, changed_since, base)
    result = workflow.plan(
        source,
        repositories=tuple(repository or ()),
        changed_since=earlier.get(changed_since),
        base=earlier.get(base),
        only_mine=only_mine,
        profile=profile,
        transport=transport,
        listener=results.TerminalListener(),
    )
    view, origin = results.view_of(result), result.origin
    if plan_out is not None:  # before stdout has a plan, so that a failure is alone on it
        from reconciler.workflow.plans.saved_plans import write_plan_file

        write_plan_file(plan_out, "".join(report.render_plan_json(view, origin)))
    results.show_plan(view, origin, shown, policies=show_policy)
    results.show_refusals(result, view)
    if plan_out is not None:
        command = apply_command(plan_out, allowed, file, profile, rules or ())
        options = "with the options named above, " if result.refusals else ""
        note(f"saved; {options}apply it with: {command}")
    raise typer.Exit(exit_of(result.statuses, differs=exit_code and bool(result.plan.changes)))


def drift(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    rules: opt.Rules = None,
    repository: opt.Repository = None,
    registry: opt.Registries = None,
    format_: opt.OutputPlanFormat = opt.PlanFormat.TEXT,
    outputs: opt.PlanOutputs = None,
    no_group: opt.NoGroup = False,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Report how live policies differ from the file; reads only.

    Exits 4 where there are any, or where a never rule is violated. An expired grant is named, and
    is no drift. Unmanaged repositories that a never rule is about are read, too.
    """
    from reconciler.cli import results
    from reconciler.cli.files import load_valid

    written = check_outputs("drift", format_, outputs, file, *(rules or ()))
    shown = results.Shown(format_, written, not no_group)
    result = workflow.drift(
        load_valid(file, opt.allowances(public=allow_public), registry, rules=rules),
        repositories=tuple(repository or ()),
        profile=profile,
        transport=transport,
        listener=results.TerminalListener(),
    )
    results.show_drift(result, shown)
    raise typer.Exit(
        exit_of(result.statuses, differs=bool(result.plan.changes or result.plan.violations))
    )
