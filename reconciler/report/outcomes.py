"""How an apply went, as text and as JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.printable import printable
from reconciler.report.causes import Failure, by_cause
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
    return "\n".join(["", *_lines(outcomes, paint), "", total]) + "\n"


def _lines(outcomes: Sequence[OutcomeView], paint: Paint) -> Iterable[str]:
    """Tell each outcome that went well, and those that did not, once for each cause."""
    views = (Failure(v.repository, v.region, v.outcome, v.error or "") for v in outcomes)
    for cause in by_cause(views):
        role = _ROLES.get(cause.kind, "faint")
        result = paint(role, f"{cause.kind:<7}")
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
    return json_text(document)
