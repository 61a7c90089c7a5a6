"""A plan, or drift, as an HTML page: the figures, the risks, each change, its JSON folded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Subject
from reconciler.plan.causes import ChangeCause
from reconciler.plan.model import ChangeKind, Finding
from reconciler.plan.origin import Origin
from reconciler.printable import number_of, printable_json
from reconciler.report.html.page import Figure, RiskPlace, RiskRow, figure, render_page, risk_rows
from reconciler.report.plans.access import SIGNS, AccessLine, Describe
from reconciler.report.plans.change_json import change_view_json
from reconciler.report.plans.failures import Cause, errors_by_cause
from reconciler.report.plans.figures import drift_counts, plan_counts
from reconciler.report.plans.plan_text import PolicyDiff, no_diff
from reconciler.report.plans.plan_view import (
    MOST_RAW,
    POLICIES,
    ChangeView,
    PlanView,
    RiskView,
    by_scope,
    equal_changes,
    split_view,
)
from reconciler.report.words import NOUNS, subject_name, target_name

_POLICY_KINDS: dict[ChangeKind, str] = {
    "set": "policy to set",
    "delete": "policy to remove",
    "create": "repository to create",
}
_KINDS: dict[Subject, dict[ChangeKind, str]] = {
    "repository-policy": _POLICY_KINDS,
    "registry-policy": _POLICY_KINDS,
    "creation-template": {
        "create": "template to create",
        "set": "template to update",
        "delete": "template to remove",
    },
}


class _Grant(NamedTuple):
    line: AccessLine
    words: str


class _Body(NamedTuple):
    """What equal changes have in common; the texts and causes are as in `ChangeView`."""

    kind: ChangeKind
    raw: str | None
    beside: tuple[str, ...]
    cause_beside: ChangeCause | None
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
    names: tuple[str, ...]
    subject: Subject
    scope: RegistryScope
    body: _Body
    documents: tuple[_Document, ...]


class _Group(NamedTuple):
    """The changes under one heading; of several registries, `title` names one in one region."""

    anchor: str
    title: str
    blocks: Sequence[_Block]


class _RegistryRow(NamedTuple):
    """One of several registries, in one region, in figures."""

    name: str
    scope: RegistryScope
    counts: str


class _Words(NamedTuple):
    """What the template says.

    Drift proposes nothing: it has no `kinds` of changes, and `signs` in place of kinds of access.
    """

    title: str
    kinds: dict[Subject, dict[ChangeKind, str]]
    signs: Mapping[str, str]
    origin: Origin
    view: PlanView
    figures: tuple[Figure, ...]
    blocks: tuple[_Block, ...]
    counts: Callable[[PlanView], str]

    @property
    def registries(self) -> list[_RegistryRow]:
        """A row for each registry and region, where there are several registries."""
        parts = split_view(self.view, lambda scope: scope)
        names = self.view.registries
        return [
            _RegistryRow(names[scope], scope, self.counts(part)) for scope, part in parts.items()
        ]

    @property
    def groups(self) -> list[_Group]:
        """The changes; of several registries, those of each region under a heading of its own."""
        if not self.view.registries or not self.blocks:
            return [_Group("changes", "", self.blocks)]
        found = by_scope(self.view.where, ((block.scope, block) for block in self.blocks))
        return [
            _Group(f"changes-{number}", title, blocks)
            for number, (title, blocks) in enumerate(found.items(), 1)
        ]

    @property
    def unmanaged(self) -> list[str]:
        """The unmanaged repositories; of several registries, with where they are."""
        plan = self.view.plan
        if not self.view.registries:
            return plan.unmanaged_names
        return [
            f"{target.repository} in {self.view.where(target.scope)}" for target in plan.unmanaged
        ]

    @property
    def risks(self) -> tuple[RiskRow, ...]:
        """The risks of all changes, each once, with links to the changes."""
        several = self.view.registries
        return risk_rows(
            (
                risk,
                RiskPlace(
                    block.title,
                    f"#change-{block.number}",
                    self.view.where(block.scope) if several else "",
                ),
            )
            for block in self.blocks
            for risk in block.body.risks
        )

    def name_of(self, finding: Finding) -> str:
        """Name what a finding is about."""
        return subject_name(finding.subject, finding.repository)

    @property
    def errors(self) -> list[Cause]:
        """The errors of the plan, by their cause."""
        return errors_by_cause(self.view.plan.errors, self.view.registries)


def render_plan_html(
    view: PlanView, origin: Origin, diff: PolicyDiff = no_diff, *, grouped: bool = True
) -> str:
    """Render a plan as a page; `grouped` shows equal changes of several repositories once."""
    blocks = tuple(_blocks(view, diff, grouped=grouped))
    figures = (*_plan_figures(view), *_problem_figures(view))
    words = _Words("Plan", _KINDS, {}, origin, view, figures, blocks, plan_counts)
    return render_page("plan.html", words)


def render_drift_html(view: PlanView, origin: Origin, *, grouped: bool = True) -> str:
    """Render drift as a page: how the live access differs from the file."""
    blocks = tuple(_blocks(view, no_diff, grouped=grouped))
    figures = (*_drift_figures(view), *_problem_figures(view))
    words = _Words("Drift", {}, SIGNS, origin, view, figures, blocks, drift_counts)
    return render_page("plan.html", words)


def _plan_figures(view: PlanView) -> Iterator[Figure]:
    access, count = view.access(), view.count
    yield figure(count("set", *POLICIES), "policy to set", "policies to set", role="changed")
    yield figure(
        count("delete", *POLICIES), "policy to remove", "policies to remove", role="removed"
    )
    yield figure(
        count("create", *POLICIES), "repository to create", "repositories to create", role="added"
    )
    yield from _template_figures(view)
    yield figure(view.plan.in_sync, "in sync")
    yield figure(access["granted"], "granted", role="added")
    yield figure(access["widened"], "widened", role="added")
    yield figure(access["revoked"], "revoked", role="removed")
    for kind in ("narrowed", "changed"):
        if access[kind]:
            yield figure(access[kind], kind, role="changed")


def _template_figures(view: PlanView) -> Iterator[Figure]:
    roles: dict[ChangeKind, str] = {"create": "added", "set": "changed", "delete": "removed"}
    for kind, one in _KINDS["creation-template"].items():
        count = view.count(kind, "creation-template")
        if count:
            yield figure(count, one, one.replace("template", "templates"), role=roles[kind])


def _drift_figures(view: PlanView) -> Iterator[Figure]:
    differing = view.differing()
    for subject, (one, many) in NOUNS.items():
        if differing[subject] or subject == "repository-policy":
            label = f"{one} differs", f"{many} differ"
            yield figure(differing[subject], *label, role="changed")
    yield figure(view.plan.in_sync, "in sync")


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
    bodies = ((change, _body(change, view.wording.describe, diff)) for change in view.changes)
    for number, (changes, body) in enumerate(equal_changes(bodies, grouped=grouped), 1):
        names = tuple(target_name(view.change.target) for view in changes)
        yield _Block(
            number,
            names[0] if len(names) == 1 else number_of(len(names), "repository", "repositories"),
            names,
            changes[0].change.target.subject,
            changes[0].change.target.scope,
            body,
            tuple(_document(one, view.names) for one in changes),
        )


def _body(view: ChangeView, describe: Describe, diff: PolicyDiff) -> _Body:
    change = view.change
    return _Body(
        change.change,
        change.unreadable.text[:MOST_RAW] if change.unreadable else None,
        view.beside,
        view.cause_beside,
        view.notes,
        tuple(_Grant(line, describe(line)) for line in view.lines),
        view.risks,
        change.kept,
        tuple(diff(change)),
    )


def _document(view: ChangeView, names: DisplayNames) -> _Document:
    document = change_view_json(view, names)
    return _Document(target_name(view.change.target), printable_json(document).splitlines())
