"""The comparison of two policy documents, as text and as JSON."""

from collections.abc import Iterable

from reconciler.model.access import Comparison, DisplayNames
from reconciler.policy import json_place
from reconciler.printable import printable_json
from reconciler.report.plans.access import access_lines, as_change, render_access
from reconciler.report.plans.access_json import grants_json
from reconciler.report.text import Line, Paint, Span, render

_BUILT_IN = DisplayNames()


def render_comparison(comparison: Comparison, paint: Paint) -> str:
    """Render the difference as access, or the reason why a document is not a policy."""
    return render(_lines(comparison), paint)


def render_comparison_json(comparison: Comparison) -> str:
    """Render `{"equal", "left", "right", "grants": {"added", "removed"}, "problems": […]}`."""
    document = {
        "equal": not comparison.access and not comparison.unreadable,
        "left": comparison.left,
        "right": comparison.right,
        "grants": grants_json(comparison.access, _BUILT_IN),
        "problems": [
            {"path": bad.name, "place": json_place(bad.policy.path), "message": bad.policy.reason}
            for bad in comparison.unreadable
        ],
    }
    return printable_json(document)


def _lines(comparison: Comparison) -> Iterable[Line]:
    left, right = comparison.left, comparison.right
    for bad in comparison.unreadable:
        yield bad.name, ": ", Span("not a policy document", "error"), ": ", str(bad.policy)
        if "policyText" in bad.policy.path:
            hint = "this is the output of get-repository-policy; the policy is its policyText"
            yield "  ", Span("hint:", "hint"), " ", hint
    if comparison.unreadable:
        return
    if not comparison.access:
        yield left, " and ", right, " mean the same."
        return
    yield (Span(f"From {left} to {right}:", "heading"),)
    yield from render_access(access_lines(comparison.access, _BUILT_IN), as_change)
