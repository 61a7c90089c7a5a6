"""The commands that write to the registry: apply and rollback."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of, write_report
from reconciler.cli.options import a_path, name_of, require_no_stdout, require_one_stdin, stdin_of
from reconciler.cli.outputs import check_outputs
from reconciler.cli.signals import Interrupt, hold_signals
from reconciler.cli.terminal import confirm, is_interactive, note, print_message
from reconciler.model.transport import Transport

if TYPE_CHECKING:
    from reconciler.cli.results import Shown, TerminalListener
    from reconciler.report.plans.plan_view import PlanView
    from reconciler.workflow import PreparedApply


def apply(
    plan: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]", parser=a_path, help="A saved plan; a new one otherwise. - is stdin."
        ),
    ] = None,
    *,
    file: opt.File = opt.DEFAULT_FILE,
    rules: opt.Rules = None,
    repository: opt.Repository = None,
    registry: opt.Registries = None,
    changed_since: opt.ChangedSince = None,
    base: opt.Base = None,
    only_mine: opt.OnlyMine = False,
    format_: opt.OutputOutcomeFormat = opt.OutcomeFormat.TEXT,
    outputs: opt.OutcomeOutputs = None,
    no_group: opt.NoGroup = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    journal: opt.JournalPath = None,
    wait: opt.Wait = workflow.DEFAULT_WAIT,
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
    """Apply only what changes.

    Shows the plan, asks, writes, and reads back. Of a saved plan no part can be selected; a
    repository whose policy has changed since is left alone.
    """
    from reconciler.cli import results
    from reconciler.cli.files import load_earlier, load_plan, load_valid
    from reconciler.cli.option_hints import plan_origin

    written = check_outputs("apply", format_, outputs, file, *(rules or ()), plan, journal)
    shown = results.Shown(format_, written, not no_group)
    _require_journal(journal)
    require_one_stdin(file, plan, *(rules or ()))
    stored = None if plan is None else load_plan(plan)
    allowed = opt.allowances(
        public=allow_public,
        revocations=allow_revocations,
        grants=allow_grants,
        empty=allow_empty,
        lock_out=allow_lock_out,
        never=allow_never,
    )
    hint = None if stored is None else plan_origin(stored)
    source = load_valid(file, allowed, registry, rules=rules, hint=hint)
    listener = results.TerminalListener()
    earlier = load_earlier(file, source, changed_since, base)
    prepared = workflow.prepare_apply(
        source,
        stored,
        repositories=tuple(repository or ()),
        changed_since=earlier.get(changed_since),
        base=earlier.get(base),
        only_mine=only_mine,
        profile=profile,
        transport=transport,
        listener=listener,
    )
    view = results.view_of(prepared.result)
    results.show_before_writing(prepared.result, view, shown, sure=yes)
    _finish(prepared, view, shown, listener, sure=yes, journal=journal, wait=wait)


def rollback(
    record: Annotated[
        Path,
        typer.Argument(
            metavar="JOURNAL", parser=a_path, help="The journal of an apply; - is stdin."
        ),
    ],
    *,
    repository: opt.Repository = None,
    registry: opt.Accounts = None,
    format_: opt.OutputOutcomeFormat = opt.OutcomeFormat.TEXT,
    outputs: opt.OutcomeOutputs = None,
    no_group: opt.NoGroup = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Roll back without asking.")] = False,
    journal: opt.JournalPath = None,
    wait: opt.Wait = workflow.DEFAULT_WAIT,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
    allow_lock_out: opt.AllowLockOut = None,
) -> None:
    """Put back the policies that an apply replaced.

    What others have changed since is left alone. Needs no access file. Shows the plan, asks,
    writes, and reads back; it keeps a journal itself.
    """
    from reconciler.cli import results
    from reconciler.workflow.writing.journals import require_other_file

    written = check_outputs("rollback", format_, outputs, record, journal)
    shown = results.Shown(format_, written, not no_group)
    _require_journal(journal)
    require_other_file(record, journal)  # `apply` checks it, too, but only after the confirmation
    listener = results.TerminalListener()
    prepared = workflow.prepare_rollback(
        Path(name_of(record)),
        opened=stdin_of(record),
        repositories=tuple(repository or ()),
        registries=registry or (),
        allowances=opt.allowances(public=allow_public, lock_out=allow_lock_out),
        profile=profile,
        transport=transport,
        listener=listener,
    )
    view = results.view_of(prepared.result)
    if prepared.result.origin.registries:
        results.show_before_writing(prepared.result, view, shown, sure=yes)
    else:
        note("the journal records no write")
    _finish(prepared, view, shown, listener, sure=yes, journal=journal, wait=wait)


def _require_journal(path: Path | None) -> None:
    """Raise UsageError for a path that can't be a journal."""
    from reconciler.workflow.writing.journals import require_usable

    require_no_stdout("--journal", path, "--journal PATH names another place")
    require_usable(path)


def _finish(
    prepared: "PreparedApply",
    view: "PlanView",
    shown: "Shown",
    listener: "TerminalListener",
    *,
    sure: bool,
    journal: Path | None,
    wait: float,
) -> None:
    """Carry out a plan that was shown, once the user has confirmed it unless `sure`.

    Reports the outcomes, and ends the command.
    """
    from reconciler.cli.results import show_outcomes

    result = prepared.result
    if result.refusals or not result.plan.changes:
        applied = workflow.apply(prepared)
    elif not sure and (reason := _not_confirmed()):
        applied = prepared.skip(reason)
    else:
        applied = workflow.apply(
            prepared, journal=journal, wait=wait, stopped=hold_signals(), listener=listener
        )
    show = partial(show_outcomes, applied, view, shown)
    raise typer.Exit(write_report(show, exit_of(applied.statuses)))


def _not_confirmed() -> str | None:
    """Ask for confirmation, and return why there is none; None where the answer is yes.

    Raises Interrupt where Ctrl-C is the answer.
    """
    if not is_interactive():
        reason = "confirmation required, but stdin is not a terminal"
        print_message(f"refused: {reason}; pass --yes")
        return reason
    try:
        if confirm("Apply these changes?"):
            return None
    except Interrupt:
        print_message("")
        raise Interrupt("interrupted; nothing was written") from None
    print_message("declined; nothing was written")
    return "declined"
