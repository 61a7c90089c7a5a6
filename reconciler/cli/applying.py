"""Apply a plan, one that was just made or one that was saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.access_file.model import display_names_of
from reconciler.apply.journal.format import Author
from reconciler.cli.carry_out import Carried, carry_out
from reconciler.cli.journals import keeping_journal
from reconciler.cli.load import AccessSource
from reconciler.cli.plan_file import StoredPlan, read_plan_file
from reconciler.cli.planning import Globs
from reconciler.cli.replay import replay
from reconciler.cli.survey import Line, Survey, authors_of, open_lines, survey
from reconciler.errors import UsageError
from reconciler.model.registry import RegistryScope


@dataclass(frozen=True, slots=True)
class ReadyPlan:
    """A plan to apply, the lines to its registries, and who writes there.

    `digest` is that of a saved plan, None for one that was just made.
    """

    found: Survey
    lines: Mapping[RegistryScope, Line]
    authors: Mapping[RegistryScope, Author]
    digest: str | None

    @property
    def caller(self) -> str:
        """The ARN of whoever writes; the credentials are the same in all regions."""
        return next(iter(self.authors.values())).arn


def stored_plan(path: Path, globs: Globs) -> StoredPlan:
    """Read a saved plan, which is applied as a whole. Raises as `read_plan_file`."""
    if globs:
        raise UsageError(
            "a saved plan is applied as a whole, without --repository",
            hint="'reconcile plan --repository GLOB --out PLAN' saves a part",
        )
    return read_plan_file(path)


def ready_plan(
    stored: StoredPlan | None, source: AccessSource, globs: Globs, profile: str | None
) -> ReadyPlan:
    """Give the saved plan, or make one, for an account that is the registry's own.

    Raises ReconcileError.
    """
    replayed = None if stored is None else replay(stored.plan, source, stored.origin)
    lines = open_lines(source.access, profile)
    authors = authors_of(lines, dict.fromkeys(lines, source.access.registry.assume_role))
    if stored is None or replayed is None:
        return ReadyPlan(survey(source, lines, globs), lines, authors, None)
    return ReadyPlan(
        Survey(replayed, display_names_of(source.access)), lines, authors, stored.plan.digest
    )


def apply_plan(
    plan: ReadyPlan,
    source: AccessSource,
    *,
    journal: Path | None,
    wait: float,
    profile: str | None,
) -> Carried:
    """Carry out a plan's changes, each recorded in the journal. Raises ReconcileError."""
    changes = plan.found.plan.changes
    if not changes:
        return Carried(())
    with keeping_journal(
        journal,
        "apply",
        changes,
        plan.authors,
        plan=plan.digest,
        file=source.path,
        profile=profile,
    ) as record:
        return carry_out(
            changes,
            plan.lines,
            record,
            wait=wait,
            probe_repository=source.access.registry.probe_repository,
        )
