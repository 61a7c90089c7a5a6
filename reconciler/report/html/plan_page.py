"""A plan, or drift, as an HTML page: the figures, the risks, each change, its JSON folded."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.model.registry import RegistryScope
from reconciler.plan.model import ChangeKind
from reconciler.plan.saved_plan import Origin, change_json
from reconciler.policy import Unreadable
from reconciler.printable import printable_json
from reconciler.report.access import AccessLine
from reconciler.report.html.page import Figure, RiskPlace, RiskRow, figure, render_page, risk_rows
from reconciler.report.plan_text import PolicyDiff, no_diff
from reconciler.report.plan_view import (
    Cause,
    ChangeView,
    Failure,
    PlanView,
    RiskView,
    Wording,
    by_cause,
    equal_changes,
)
from reconciler.report.words import number_of, settings_words

_MOST_RAW = 2_000
_KINDS: dict[ChangeKind, str] = {
    "set": "policy to set",
    "delete": "policy to remove",
    "create": "repository to create",
}
_SIGNS = {"+": "not live", "-": "only live", "~": "differs"}


class _Grant(NamedTuple):
    line: AccessLine
    words: str


class _Body(NamedTuple):
    """What equal changes have in common."""

    kind: ChangeKind
    raw: str | None
    notes: tuple[str, ...]
    grants: tuple[_Grant, ...]
    risks: tuple[RiskView, ...]
    kept: tuple[str, ...]
    diff: tuple[str, ...]


class _Document(NamedTuple):
    repository: str
    lines: Sequence[str]


class _Block(NamedTuple):
    """Equal changes of one region; `number` makes the anchor."""

    number: int
    title: str
    repositories: tuple[str, ...]
    scope: RegistryScope
    body: _Body
    documents: tuple[_Document, ...]


class _Words(NamedTuple):
    """What the template says.

    Drift proposes nothing: it has no `kinds` of changes, and `signs` in place of kinds of access.
    """

    title: str
    kinds: dict[ChangeKind, str]
    signs: dict[str, str]
    origin: Origin
    view: PlanView
    figures: tuple[Figure, ...]
    blocks: tuple[_Block, ...]

    @property
    def risks(self) -> tuple[RiskRow, ...]:
        """The risks of all changes, each once, with links to the changes."""
        return risk_rows(
            (risk, RiskPlace(block.title, f"#change-{block.number}"))
            for block in self.blocks
            for risk in block.body.risks
        )

    @property
    def errors(self) -> list[Cause]:
        """The errors of the plan, by their cause."""
        return by_cause(
            Failure(e.target.repository, e.target.scope.region, e.rule, e.message)
            for e in self.view.plan.errors
        )


def render_plan_html(
    view: PlanView, origin: Origin, diff: PolicyDiff = no_diff, *, grouped: bool = True
) -> str:
    """Render a plan as a page; `grouped` shows equal changes of several repositories once."""
    blocks = tuple(_blocks(view, diff, grouped=grouped))
    figures = (*_plan_figures(view), *_problem_figures(view))
    return render_page("plan.html", _Words("Plan", _KINDS, {}, origin, view, figures, blocks))


def render_drift_html(view: PlanView, origin: Origin, *, grouped: bool = True) -> str:
    """Render drift as a page: how the live access differs from the file."""
    blocks = tuple(_blocks(view, no_diff, grouped=grouped))
    figures = (
        figure(len(view.plan.changes), "repository differs", "repositories differ", role="changed"),
        figure(view.plan.in_sync, "in sync"),
        *_problem_figures(view),
    )
    return render_page("plan.html", _Words("Drift", {}, _SIGNS, origin, view, figures, blocks))


def _plan_figures(view: PlanView) -> Iterator[Figure]:
    access = view.access()
    yield figure(view.count("set"), "policy to set", "policies to set", role="changed")
    yield figure(view.count("delete"), "policy to remove", "policies to remove", role="removed")
    yield figure(
        view.count("create"), "repository to create", "repositories to create", role="added"
    )
    yield figure(view.plan.in_sync, "in sync")
    yield figure(access["granted"], "granted", role="added")
    yield figure(access["widened"], "widened", role="added")
    yield figure(access["revoked"], "revoked", role="removed")
    for kind in ("narrowed", "changed"):
        if access[kind]:
            yield figure(access[kind], kind, role="changed")


def _problem_figures(view: PlanView) -> Iterator[Figure]:
    risks = sum(len(change.risks) for change in view.changes)
    violations, errors = len(view.plan.violations), len(view.plan.errors)
    if risks:
        yield figure(risks, "risk", "risks", role="warning")
    if violations:
        yield figure(violations, "never rule broken", "never rules broken", role="warning")
    if errors:
        yield figure(errors, "error", "errors", role="error")


def _blocks(view: PlanView, diff: PolicyDiff, *, grouped: bool) -> Iterator[_Block]:
    bodies = ((change, _body(change, view.wording, diff)) for change in view.changes)
    for number, (changes, body) in enumerate(equal_changes(bodies, grouped=grouped), 1):
        names = tuple(view.change.target.repository for view in changes)
        yield _Block(
            number,
            names[0] if len(names) == 1 else number_of(len(names), "repository", "repositories"),
            names,
            changes[0].change.target.scope,
            body,
            tuple(map(_document, changes)),
        )


def _body(view: ChangeView, wording: Wording, diff: PolicyDiff) -> _Body:
    change = view.change
    return _Body(
        change.change,
        change.before.text[:_MOST_RAW] if isinstance(change.before, Unreadable) else None,
        tuple(_notes(view, wording)),
        tuple(_Grant(line, wording.describe(line)) for line in view.lines),
        view.risks,
        change.kept,
        tuple(diff(change)),
    )


def _notes(view: ChangeView, wording: Wording) -> Iterator[str]:
    change = view.change
    if change.settings is not None:
        yield f"{wording.create}: {', '.join(settings_words(change.settings))}"
    if change.change == "delete":
        yield wording.delete


def _document(view: ChangeView) -> _Document:
    document = change_json(view.change, view.grants, (risk.name for risk in view.risks))
    return _Document(view.change.target.repository, printable_json(document).splitlines())
