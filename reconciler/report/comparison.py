"""How two policy documents compare, as text and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict

from reconciler.model.comparison import Comparison
from reconciler.model.display_names import DisplayNames
from reconciler.policy.language.json_text import json_place
from reconciler.printable import printable, printable_json
from reconciler.report.access_text import access_block, as_change
from reconciler.report.access_view import access_lines, added_grants, removed_grants
from reconciler.report.paint import Paint

_BUILT_IN = DisplayNames()


def render_comparison(comparison: Comparison, paint: Paint) -> str:
    """Tell the difference as access, or what is no policy document."""
    return "\n".join(_lines(comparison, paint)) + "\n"


def render_comparison_json(comparison: Comparison) -> str:
    """Write `{"equal": …, "grants": {"added", "removed"}, "problems": […]}`."""
    document = {
        "equal": not comparison.access and not comparison.unreadable,
        "left": comparison.left,
        "right": comparison.right,
        "grants": {
            "added": [asdict(grant) for grant in added_grants(comparison.access, _BUILT_IN)],
            "removed": [asdict(grant) for grant in removed_grants(comparison.access, _BUILT_IN)],
        },
        "problems": [
            {"path": bad.name, "place": json_place(bad.policy.path), "message": bad.policy.reason}
            for bad in comparison.unreadable
        ],
    }
    return printable_json(document)


def _lines(comparison: Comparison, paint: Paint) -> Iterable[str]:
    left, right = printable(comparison.left), printable(comparison.right)
    for bad in comparison.unreadable:
        told = printable(str(bad.policy))
        yield f"{printable(bad.name)}: {paint('error', 'not a policy document')}: {told}"
        if "policyText" in bad.policy.path:
            hint = "this is an answer of get-repository-policy; the policy is its policyText"
            yield f"  {paint('hint', 'hint:')} {hint}"
    if comparison.unreadable:
        return
    if not comparison.access:
        yield f"{left} and {right} mean the same."
        return
    yield paint("heading", f"From {left} to {right}:")
    yield from access_block(access_lines(comparison.access, _BUILT_IN), as_change, paint)
