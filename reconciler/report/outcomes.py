"""The outcomes of an apply as text for people."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.apply.model import Outcome
from reconciler.plan.model import ChangeKind
from reconciler.report.causes import Failure, by_cause
from reconciler.report.spans import Line, Paint, Role, Span, render
from reconciler.report.words import number_of

_ROLES: dict[str, Role] = {"applied": "added", "failed": "error", "stale": "warning"}
_DONE: Mapping[ChangeKind, tuple[str, str]] = {
    "set": ("policy set", "policies set"),
    "delete": ("policy removed", "policies removed"),
    "create": ("repository created", "repositories created"),
}


def render_outcomes(
    outcomes: Sequence[Outcome],
    errors: int,
    paint: Paint,
    command: str = "Apply",
    left_alone: int = 0,
) -> str:
    """Render the outcome of each change, and a summary; nothing where there was no change.

    `errors` counts the repositories that could not be planned, `left_alone` those that others have
    changed since.
    """
    if not outcomes:
        return ""
    counts = Counter(outcome.result for outcome in outcomes)
    parts = [_counted(result, number, outcomes) for result, number in sorted(counts.items())]
    if left_alone:
        parts.append(f"{left_alone} left alone (see the findings above)")
    if errors:
        parts.append(f"{errors} not planned (see the errors above)")
    summary: Line = (f"{command}: {', '.join(parts)}.",)
    if set(counts) == {"skipped"} and len({outcome.error for outcome in outcomes}) == 1:
        return render([(), summary], paint)
    return render([(), *_lines(outcomes), (), summary], paint)


def _counted(result: str, number: int, outcomes: Sequence[Outcome]) -> str:
    """Count the changes with one result; applied ones by kind, too, unless all just set."""
    if result == "in-force":
        return f"{number} in force already"
    kinds = Counter(outcome.change.change for outcome in outcomes if outcome.result == result)
    if result != "applied" or set(kinds) == {"set"}:
        return f"{number} {result}"
    done = (number_of(kinds[kind], *words) for kind, words in _DONE.items() if kinds[kind])
    return f"{number} {result} ({', '.join(done)})"


def _lines(outcomes: Sequence[Outcome]) -> Iterable[Line]:
    """Return a line for each outcome without an error, and one for each cause of the others."""
    width = max(map(len, ("applied", *(outcome.result for outcome in outcomes))))
    for cause in by_cause(map(_failure, outcomes)):
        role = _ROLES.get(cause.kind, "faint")
        result = Span(cause.kind, role, width)
        if not cause.text:
            for name in cause.repositories:
                yield result, "  ", name, f" ({cause.region})"
        elif len(cause.repositories) == 1:
            yield result, "  ", cause.names, ": ", cause.message
        elif cause.of_call:
            yield result, "  ", cause.of_call
        else:
            count = f"{len(cause.repositories)} repositories "
            yield count, Span(cause.kind, role), ": ", cause.why, ": ", cause.names


def _failure(outcome: Outcome) -> Failure:
    target = outcome.change.target
    return Failure(target.repository, target.scope.region, outcome.result, outcome.error or "")
