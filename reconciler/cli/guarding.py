"""Hold a plan against the guards, and say what they refuse."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from reconciler.access_file.model import AccessFile
from reconciler.cli.options import DEFAULT_FILE
from reconciler.cli.survey import Survey
from reconciler.cli.terminal import note
from reconciler.model.guards import Allowances
from reconciler.plan.guards import EMPTY, GRANTS, LOCK_OUT, NEVER, PUBLIC, REVOCATIONS, check_guards
from reconciler.plan.model import Plan
from reconciler.printable import printable


def allowances(
    *,
    revocations: int,
    grants: int,
    public: Iterable[str] | None,
    empty: Iterable[str] | None,
    lock_out: Iterable[str] | None,
    never: Iterable[str] | None,
) -> Allowances:
    """Give what the options of one run allow."""
    return Allowances(
        revocations,
        grants,
        frozenset(public or ()),
        frozenset(empty or ()),
        frozenset(lock_out or ()),
        frozenset(never or ()),
    )


def options_of(allowed: Allowances, file: Path, profile: str | None) -> list[str]:
    """Give the options that a command takes to be for a file, and to be allowed as much."""
    named = (
        (PUBLIC, allowed.public),
        (EMPTY, allowed.empty),
        (LOCK_OUT, allowed.lock_out),
        (NEVER, allowed.never),
    )
    counted = ((REVOCATIONS, allowed.revocations), (GRANTS, allowed.grants))
    return [
        *(("-f", str(file)) if file != DEFAULT_FILE else ()),
        *(("--profile", profile) if profile else ()),
        *(part for option, number in counted if number for part in (option, str(number))),
        *(part for option, names in named for name in sorted(names) for part in (option, name)),
    ]


def guarded(
    found: Survey, access: AccessFile, allowed: Allowances, caller: Callable[[], str]
) -> Survey:
    """Hold a plan against the guards; `caller` gives the ARN of who would write.

    Says on stderr which of the allowed repositories the plan has nothing to do with.
    """
    _note_idle(found.plan, allowed)
    refusals = check_guards(found.plan, access.guards, allowed, caller)
    return replace(found, refusals=refusals)


def _note_idle(plan: Plan, allowed: Allowances) -> None:
    changed = {change.target.repository for change in plan.changes}
    broken = {one.target.repository for one in plan.violations}
    for option, names, known in (
        (EMPTY, allowed.empty, changed),
        (LOCK_OUT, allowed.lock_out, changed),
        (NEVER, allowed.never, broken),
    ):
        for name in sorted(names - known):
            note(f"{option} {printable(name)}: nothing in this plan needs it")
