"""A plan, drift or the outcomes of an apply as JSON, for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.apply.model import Outcome
from reconciler.plan.model import ChangeKind
from reconciler.plan.origin import Origin
from reconciler.plan.saved.parts import PlanDigest
from reconciler.plan.saved.plan_format import plan_json
from reconciler.printable import indented_json, printable_value
from reconciler.report.plans.change_json import change_view_json
from reconciler.report.plans.plan_view import POLICIES, PlanView

_EXACT = ("policy", "settings", "template")
"""The keys of a change that are written as they are; all other text is escaped."""

_Json = Mapping[str, object]
_KINDS: tuple[ChangeKind, ...] = ("create", "set", "delete")


def render_plan_json(view: PlanView, origin: Origin) -> Iterator[str]:
    """Render a plan as JSON with a digest, piece by piece: it can be saved and applied later."""
    digest = PlanDigest()

    def counted() -> Iterator[_Json]:
        for change in _changes(view):
            digest.add(change)
            yield change

    others = _others(view, origin)
    yield from _object(others, counted())
    rest = {key: value for key, value in others.items() if key != "changes"}
    yield f',\n  "digest": {indented_json(digest.of_all(rest))}\n}}\n'


def render_drift_json(view: PlanView, origin: Origin) -> Iterator[str]:
    """Render drift as JSON: a plan without a digest, which can't be applied."""
    yield from _object(_others(view, origin), _changes(view))
    yield "\n}\n"


def render_outcomes_json(
    view: PlanView, outcomes: Sequence[Outcome], origin: Origin
) -> Iterator[str]:
    """Render a plan as JSON with the outcome of each of its changes, in the same order."""
    found = (
        {**change, "outcome": outcome.result, "error": printable_value(outcome.error)}
        for change, outcome in zip(_changes(view), outcomes, strict=True)
    )
    yield from _object(_others(view, origin), found)
    yield "\n}\n"


def _object(others: _Json, changes: Iterable[_Json]) -> Iterator[str]:
    """Yield an object with the changes in their place, one at a time; its end is left out."""
    between = "{"
    for key, value in others.items():
        yield f'{between}\n  "{key}": '
        yield from _list(changes) if key == "changes" else [indented_json(value, "  ")]
        between = ","


def _list(items: Iterable[_Json]) -> Iterator[str]:
    between = "["
    for item in items:
        yield f"{between}\n    {indented_json(item, '    ')}"
        between = ","
    yield "[]" if between == "[" else "\n  ]"


def _changes(view: PlanView) -> Iterator[_Json]:
    for one in view.changes:
        change = change_view_json(one, view.names)
        yield {k: v if k in _EXACT else printable_value(v) for k, v in change.items()}


def _others(view: PlanView, origin: Origin) -> _Json:
    """Return a plan as JSON, all of its text escaped, without the changes."""
    plan, access = view.plan, view.access()
    by_all = [one for change in view.changes for one in change.access]
    document = plan_json(
        origin,
        plan,
        {
            "set": view.count("set", *POLICIES),
            "delete": view.count("delete", *POLICIES),
            "create": view.count("create", *POLICIES),
            "in_sync": plan.in_sync,
            "errors": len(plan.errors),
            "grants_added": sum(len(one.gained) for one in by_all),
            "grants_removed": sum(len(one.lost) for one in by_all),
            "grants_gone": access["gone"],
            "live_grants": plan.live_grants,
            "unmanaged_repositories": len(plan.unmanaged_names),
            "templates": {kind: view.count(kind, "creation-template") for kind in _KINDS},
            "access": dict(access.items()),
        },
        ({"guard": one.guard, "message": one.message} for one in view.refusals),
    )
    return {key: printable_value(value) for key, value in document.items()}
