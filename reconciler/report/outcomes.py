"""How an apply went, as text and as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.plan.model import ChangeKind
from reconciler.printable import printable, printable_json
from reconciler.report.causes import Failure, by_cause
from reconciler.report.paint import Paint, Role
from reconciler.report.plan_json import Origin, change_json, plan_json
from reconciler.report.plan_view import PlanView
from reconciler.report.words import number_of

_ROLES: dict[str, Role] = {"applied": "added", "failed": "error", "stale": "warning"}
_DONE: Mapping[ChangeKind, tuple[str, str]] = {
    "set": ("policy set", "policies set"),
    "delete": ("policy removed", "policies removed"),
    "create": ("repository created", "repositories created"),
}


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What became of one change, as `Outcome` has it, and why."""

    repository: str
    region: str
    change: ChangeKind
    outcome: str
    error: str | None


def render_outcomes(
    outcomes: Sequence[OutcomeView],
    errors: int,
    paint: Paint,
    command: str = "Apply",
    left_alone: int = 0,
) -> str:
    """Tell what became of each change, and count; nothing where there was none.

    `errors` is how many repositories could not even be planned, `left_alone` how many others have
    changed since.
    """
    if not outcomes:
        return ""
    counts = Counter(view.outcome for view in outcomes)
    parts = [_counted(outcome, number, outcomes) for outcome, number in sorted(counts.items())]
    if left_alone:
        parts.append(f"{left_alone} left alone (see the findings above)")
    if errors:
        parts.append(f"{errors} not planned (see the errors above)")
    total = f"{command}: {', '.join(parts)}."
    if set(counts) == {"skipped"} and len({view.error for view in outcomes}) == 1:
        return f"\n{total}\n"
    return "\n".join(["", *_lines(outcomes, paint), "", total]) + "\n"


def _counted(outcome: str, number: int, outcomes: Sequence[OutcomeView]) -> str:
    """Count the changes with one outcome; of what was applied also what it did, unless just set."""
    if outcome == "in-force":
        return f"{number} in force already"
    done = Counter(view.change for view in outcomes if view.outcome == outcome)
    if outcome != "applied" or set(done) == {"set"}:
        return f"{number} {outcome}"
    told = ", ".join(number_of(done[kind], *words) for kind, words in _DONE.items() if done[kind])
    return f"{number} {outcome} ({told})"


def _lines(outcomes: Sequence[OutcomeView], paint: Paint) -> Iterable[str]:
    """Tell each outcome that went well, and those that did not, once for each cause."""
    width = max(map(len, ("applied", *(view.outcome for view in outcomes))))
    views = (Failure(v.repository, v.region, v.outcome, v.error or "") for v in outcomes)
    for cause in by_cause(views):
        role = _ROLES.get(cause.kind, "faint")
        result = paint(role, f"{cause.kind:<{width}}")
        if not cause.text:
            for name in cause.repositories:
                yield f"{result}  {printable(name)} ({printable(cause.region)})"
        elif len(cause.repositories) == 1:
            yield f"{result}  {cause.names}: {cause.message}"
        elif cause.of_call:
            yield f"{result}  {cause.of_call}"
        else:
            count = f"{len(cause.repositories)} repositories {paint(role, cause.kind)}"
            yield f"{count}: {cause.why}: {cause.names}"


def render_outcomes_json(view: PlanView, outcomes: Sequence[OutcomeView], origin: Origin) -> str:
    """Write a plan as JSON with what became of each of its changes, in the same order."""
    document = plan_json(view, origin)
    document["changes"] = [
        {
            **change_json(change),
            "outcome": outcome.outcome,
            "error": None if outcome.error is None else printable(outcome.error),
        }
        for change, outcome in zip(view.changes, outcomes, strict=True)
    ]
    return printable_json(document)
