"""`reconcile apply`: make the live policies what the file says."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit, ending_with, worst
from reconciler.cli.files import a_path, require_one_stdin
from reconciler.cli.options import (
    DEFAULT_FILE,
    DEFAULT_WAIT,
    AllowEmpty,
    AllowGrants,
    AllowLockOut,
    AllowNever,
    AllowPublic,
    AllowRevocations,
    File,
    Format,
    JournalPath,
    NoGroup,
    OutputFormat,
    Profile,
    Quiet,
    Repository,
    Wait,
)


def apply(
    plan: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]", parser=a_path, help="A saved plan; a new one otherwise. - is stdin."
        ),
    ] = None,
    *,
    file: File = DEFAULT_FILE,
    repository: Repository = None,
    format_: OutputFormat = Format.TEXT,
    no_group: NoGroup = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    journal: JournalPath = None,
    wait: Wait = DEFAULT_WAIT,
    profile: Profile = None,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
    allow_revocations: AllowRevocations = 0,
    allow_grants: AllowGrants = 0,
    allow_empty: AllowEmpty = None,
    allow_lock_out: AllowLockOut = None,
    allow_never: AllowNever = None,
) -> None:
    """Apply only what changes.

    Shows the plan, asks, writes, and reads back. A saved plan is applied as it is, or not at all.
    """
    from reconciler.cli.applying import apply_plan, ready_plan, stored_plan
    from reconciler.cli.carry_out import exits_of, reason_to_skip, skip
    from reconciler.cli.guarding import allowances, guarded
    from reconciler.cli.journals import require_usable
    from reconciler.cli.load import load_valid
    from reconciler.cli.show import (
        origin_of,
        show_before_writing,
        show_outcomes,
        show_refusals,
        view_of,
    )
    from reconciler.cli.survey import findings_exit
    from reconciler.cli.terminal import keep_quiet

    keep_quiet(quiet)
    require_usable(journal)
    require_one_stdin(file, plan)
    globs = tuple(repository or ())
    stored = None if plan is None else stored_plan(plan, globs)
    source = load_valid(file, allow_public, hint=None if stored is None else stored.made_from)
    ready = ready_plan(stored, source, globs, profile)
    allowed = allowances(
        revocations=allow_revocations,
        grants=allow_grants,
        public=allow_public,
        empty=allow_empty,
        lock_out=allow_lock_out,
        never=allow_never,
    )
    found = guarded(ready.found, source.access, allowed, lambda: ready.caller)
    view = view_of(found)
    show_before_writing(view, format_, sure=yes, grouped=not no_group)
    show_refusals(found.refusals)
    reason = reason_to_skip(found.plan.changes, found.refusals, sure=yes)
    codes = findings_exit(found.plan, source.access)
    if reason is not None:
        carried = skip(found.plan.changes, reason)
        codes.append(Exit.REFUSED)
    else:
        carried = apply_plan(ready, source, journal=journal, wait=wait, profile=profile)
        codes += exits_of(found.plan, carried)
    with ending_with(worst(codes)):
        show_outcomes(carried.outcomes, view, origin_of(source), format_)
