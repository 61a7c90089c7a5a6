"""How an apply went, as text and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.printable import printable
from reconciler.report.paint import Paint, Role
from reconciler.report.plan_json import Origin, change_json, json_text, plan_json
from reconciler.report.plan_view import PlanView

_ROLES: dict[str, Role] = {"applied": "added", "failed": "error", "stale": "warning"}


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What became of one change: `applied`, `failed`, `stale` or `skipped`, and why."""

    repository: str
    region: str
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
    parts = [f"{number} {outcome}" for outcome, number in sorted(counts.items())]
    if left_alone:
        parts.append(f"{left_alone} left alone (see the findings above)")
    if errors:
        parts.append(f"{errors} not planned (see the errors above)")
    total = f"{command}: {', '.join(parts)}."
    if set(counts) == {"skipped"} and len({view.error for view in outcomes}) == 1:
        return f"\n{total}\n"
    return "\n".join(["", *(_line(view, paint) for view in outcomes), "", total]) + "\n"


def _line(view: OutcomeView, paint: Paint) -> str:
    result = paint(_ROLES.get(view.outcome, "faint"), f"{view.outcome:<7}")
    reason = f": {printable(view.error)}" if view.error else ""
    return f"{result}  {printable(view.repository)} ({printable(view.region)}){reason}"


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
    return json_text(document)
