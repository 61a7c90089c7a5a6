"""Plans, drift and outcomes in figures: each in one line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.model.registry import Subject
from reconciler.plan.model import ChangeKind
from reconciler.printable import number_of, some_of
from reconciler.report.plans.access import LineKind
from reconciler.report.plans.plan_view import POLICIES, PlanView
from reconciler.report.words import NOUNS

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome

_RARE_KINDS: tuple[LineKind, ...] = ("narrowed", "changed")
_TEMPLATE: Subject = "creation-template"
_SET = ("policy set", "policies set")
_DONE: Mapping[tuple[bool, ChangeKind], tuple[str, str]] = {
    (False, "set"): _SET,
    (False, "delete"): ("policy removed", "policies removed"),
    (False, "create"): ("repository created", "repositories created"),
    (True, "create"): ("template created", "templates created"),
    (True, "set"): ("template updated", "templates updated"),
    (True, "delete"): ("template removed", "templates removed"),
}
"""What was done, for policies and repositories, and for creation templates."""

_VERBS: Mapping[ChangeKind, str] = {"create": "create", "set": "update", "delete": "remove"}


def plan_summary(view: PlanView) -> str:
    """Say in one line what a plan changes."""
    return f"Plan: {plan_counts(view)}. Access: {_access(view.access())}."


def drift_summary(view: PlanView) -> str:
    """Say in one line whether there is drift, and how much."""
    plan = view.plan
    none = "No drift found" if plan.errors else "No drift"
    found = "Drift" if plan.changes or plan.violations else none
    return f"{found}: {drift_counts(view)}."


def plan_counts(view: PlanView) -> str:
    """Say in figures what a plan changes, and what it leaves."""
    repositories = number_of(view.count("create", *POLICIES), "repository", "repositories")
    changes = (*_policies(view), f"{repositories} to create", *_templates(view))
    rest = f"{_errors(view)}{_violations(view)}"
    return f"{', '.join(changes)}; {view.plan.in_sync:,} in sync{rest}"


def _policies(view: PlanView) -> Iterable[str]:
    """Count the policies to set and to remove, the registry's own among them."""
    kinds: tuple[tuple[ChangeKind, str], ...] = (("set", "set"), ("delete", "remove"))
    for kind, verb in kinds:
        own = view.count(kind, "registry-policy")
        of_registry = f" ({own:,} of the registry)" if own else ""
        policies = number_of(view.count(kind, *POLICIES), "policy", "policies")
        yield f"{policies} to {verb}{of_registry}"


def _templates(view: PlanView) -> Iterable[str]:
    """Count the creation templates by what is to be done, where there are any."""
    for kind, verb in _VERBS.items():
        count = view.count(kind, _TEMPLATE)
        if count:
            yield f"{number_of(count, *NOUNS[_TEMPLATE])} to {verb}"


def _access(counts: Mapping[LineKind, int]) -> str:
    """List the figures; the rare kinds only where there are any."""
    deleted = number_of(counts["gone"], "of a deleted principal", "of deleted principals")
    figures = [
        f"{counts['granted']:,} granted",
        f"{counts['widened']:,} widened",
        f"{counts['revoked']:,} revoked{f' ({deleted})' if counts['gone'] else ''}",
        *(f"{counts[kind]:,} {kind}" for kind in _RARE_KINDS if counts[kind]),
    ]
    return ", ".join(figures)


def drift_counts(view: PlanView) -> str:
    """Say in figures what differs, and what does not."""
    plan = view.plan
    if not plan.changes and not plan.violations:
        return f"{plan.in_sync:,} in sync{_errors(view)}"
    differ = "differs" if len(plan.changes) == 1 else "differ"
    rest = f"{_errors(view)}{_violations(view)}"
    return f"{_differing(view)} {differ} from the file; {plan.in_sync:,} in sync{rest}"


def _differing(view: PlanView) -> str:
    """Count what differs by subject; repositories also where nothing does."""
    counts = view.differing()
    words = [
        number_of(counts[subject], *nouns) for subject, nouns in NOUNS.items() if counts[subject]
    ]
    return some_of(words) or "0 repositories"


def _errors(view: PlanView) -> str:
    errors = view.plan.errors
    return f", {number_of(len(errors), 'error', 'errors')}" if errors else ""


def _violations(view: PlanView) -> str:
    violations = view.plan.violations
    return f"; never rules broken: {len(violations):,}" if violations else ""


def outcomes_summary(outcomes: "Sequence[Outcome]", command: str, *others: str) -> str:
    """Say in one line what became of the changes, and `others`, where these are not empty."""
    return f"{command}: {', '.join(filter(None, (outcome_counts(outcomes), *others)))}."


def outcome_counts(outcomes: Sequence["Outcome"]) -> str:
    """Count the changes by what became of them."""
    counts = sorted(Counter(outcome.result for outcome in outcomes).items())
    return ", ".join(_counted(result, number, outcomes) for result, number in counts)


def _counted(result: str, number: int, outcomes: Sequence["Outcome"]) -> str:
    """Count the changes with one result; applied ones by kind, too, unless all set a policy."""
    if result == "in-force":
        return f"{number:,} in force already"
    changes = [outcome.change for outcome in outcomes if outcome.result == result]
    done = Counter(_DONE[one.target.subject == _TEMPLATE, one.change] for one in changes)
    if result != "applied" or set(done) == {_SET}:
        return f"{number:,} {result}"
    parts = (number_of(done[words], *words) for words in _DONE.values() if done[words])
    return f"{number:,} {result} ({', '.join(parts)})"
