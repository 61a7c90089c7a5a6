"""A plan in words: the one traversal that every format of a plan is rendered from."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeVar

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Subject, Target
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.causes import Causes, ChangeCause, LeftOut
from reconciler.plan.model import NO_SCOPE, Change, ChangeKind, Plan, Risk
from reconciler.policy import AccessChange
from reconciler.printable import number_of, some_of
from reconciler.report.plans.access import (
    AccessLine,
    Describe,
    LineKind,
    access_lines,
    as_change,
    as_drift,
    change_words,
    drift_words,
)
from reconciler.report.words import (
    principal_label,
    resources_words,
    settings_words,
    template_words,
)

Body = TypeVar("Body", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

POLICIES: tuple[Subject, ...] = ("repository-policy", "registry-policy")
"""The subjects that are policies; a template only has one."""

_KINDS: tuple[LineKind, ...] = ("granted", "widened", "revoked", "narrowed", "changed", "gone")

_MOST_SHOWN = 100
"""Characters of a template's field; of a longer one, their number is shown."""

MOST_RAW = 2_000
"""Characters of a live policy that is not understood; of a longer one, their number is shown."""

_RISKS: Mapping[RuleId, str] = {
    RuleId.PUBLIC: "{} includes callers from accounts that are not named",
    RuleId.ADMIN: "{} may do everything",
    RuleId.CAN_REWRITE: "{} may rewrite {policy} and so give itself any access",
    RuleId.DENY_REMOVED: "the Deny for {} is removed",
    RuleId.LAMBDA_LOSES_ACCESS: "{} can no longer fetch images",
    RuleId.NEW_ACCOUNT: "{} had no access to {}",
    RuleId.OUTSIDE_ORGANIZATION: "{} may be outside of the organizations that the file names",
}
_LIVE_RISKS: Mapping[RuleId, str] = {
    **_RISKS,
    RuleId.DENY_REMOVED: "the file's Deny for {} is missing",
    RuleId.LAMBDA_LOSES_ACCESS: "{} can fetch images until the next apply",
    RuleId.NEW_ACCOUNT: "{} has access to {}, and none in the file",
}
_REPOSITORIES: Mapping[Subject, str] = {
    "repository-policy": "this repository",
    "registry-policy": "these repositories by the registry's policy",
    "creation-template": "new repositories",
}


class RefusalView(NamedTuple):
    """A guard's refusal: the guard, why, and the option, with its value, that allows it."""

    guard: str
    why: str
    option: str

    @property
    def message(self) -> str:
        """One line that ends with what allows it."""
        return f"{self.why}; {self.option} allows it once"


class RiskView(NamedTuple):
    """A risk, and what it is of this change: who, and the reason where one is needed."""

    name: RuleId
    words: str


class ChangeView(NamedTuple):
    """One change, its access in words, and its risks.

    `beside` says what it changes beside access, each in one line; `notes` why the policy or the
    template goes, and which other policy gives what it takes away. `kinds` are those of the lines,
    one for each principal also where its change has two causes, and so two lines.
    """

    change: Change
    lines: tuple[AccessLine, ...]
    risks: tuple[RiskView, ...]
    beside: tuple[str, ...]
    notes: tuple[str, ...]
    kinds: tuple[LineKind, ...] = ()
    causes: Causes | None = None

    @property
    def access(self) -> tuple[AccessChange, ...]:
        """The changes of access, those with two causes as two."""
        if self.causes is None:
            return self.change.access
        return tuple(part.access for part in self.causes.access)

    @property
    def cause_beside(self) -> ChangeCause | None:
        """The cause of what it changes beside access."""
        return self.causes and self.causes.beside


class Wording(NamedTuple):
    """What a plan and drift say in different words.

    `instead` ends what is said of another policy that gives what a change takes away; empty where
    nothing is said of it.
    """

    describe: Describe
    both_sides: Callable[[str, str], str]
    create: str
    create_template: str
    delete: Mapping[Subject, str]
    risks: Mapping[RuleId, str]
    instead: str = ""


PLAN = Wording(
    as_change,
    change_words,
    create="create the repository",
    create_template="create the template",
    delete={
        "repository-policy": "no grants remain; the policy is removed (the repository is kept)",
        "registry-policy": "no grants remain; the registry's policy is removed",
        "creation-template": "the template is removed (made by this tool)",
    },
    risks=_RISKS,
    instead="instead; that is written first",
)
_NO_ACCESS = "the file grants no access, so there is to be no policy"
DRIFT = Wording(
    as_drift,
    drift_words,
    create="the repository does not exist; its settings in the file",
    create_template="the template does not exist; in the file",
    delete={
        "repository-policy": _NO_ACCESS,
        "registry-policy": _NO_ACCESS,
        "creation-template": "the file asks for no such template (made by this tool)",
    },
    risks=_LIVE_RISKS,
)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan or drift: its changes in words, and the guards' refusals; `names` are the file's.

    `registries` are the names of several registries, in their order; empty where there is one.
    `fails_unmanaged` is whether the file makes unmanaged repositories a failure.
    """

    plan: Plan
    names: DisplayNames
    changes: tuple[ChangeView, ...]
    wording: Wording
    refusals: tuple[RefusalView, ...] = ()
    registries: Mapping[RegistryScope, str] = field(default_factory=dict)
    fails_unmanaged: bool = False

    def count(self, kind: ChangeKind, *subjects: Subject) -> int:
        """Count the changes of one kind that are about these subjects."""
        return sum(
            change.change == kind and change.target.subject in subjects
            for change in self.plan.changes
        )

    def where(self, scope: RegistryScope) -> str:
        """Name a region, with its registry where there are several."""
        name = self.registries.get(scope)
        return scope.region if name is None else registry_title(name, scope)

    @property
    def unmanaged_failure(self) -> str:
        """Why unmanaged repositories are a failure, in words; empty where they are none."""
        if not self.fails_unmanaged or not self.plan.unmanaged:
            return ""
        nouns = ("unmanaged repository", "unmanaged repositories")
        number = number_of(len(self.plan.unmanaged), *nouns)
        return f"{number}, which 'unmanaged.repositories: fail' forbids"

    @property
    def limit(self) -> str:
        """What a limited plan did not look at, in words; empty where the plan is not limited."""
        return " ".join(filter(None, (self._registry_limit, self._changes_limit)))

    @property
    def _registry_limit(self) -> str:
        names = self.names.left_out
        if not names:
            return ""
        subject = "The registry" if len(names) == 1 else "The registries"
        verb = "was" if len(names) == 1 else "were"
        return f"{subject} {some_of(names)} {verb} not looked at."

    @property
    def _changes_limit(self) -> str:
        if self.plan.changed_since is None:
            return ""
        revision, number = self.plan.changed_since
        others = "other managed repository was", "other managed repositories were"
        rest = "the other repositories were" if number is None else number_of(number, *others)
        read = f"{rest} not read" if number != 0 else "no other repository is managed"
        return (
            f"Only what the file changes since {revision} was looked at: {read}. "
            "Unmanaged repositories are not reported."
        )

    @property
    def causes(self) -> str:
        """How many changes have which cause, in words; empty where no causes are known."""
        causes = self.plan.causes
        if causes is None:
            return ""
        if causes.left_out is not None:
            return _edit_words(causes.base.revision, causes.left_out)
        number = causes.numbers
        repaired = "repairs" if number["drift"] == 1 else "repair"
        both = f", {number['both']:,} {'does' if number['both'] == 1 else 'do'} both"
        return (
            f"Compared with {causes.base.revision}: "
            f"{number_of(number['edit'], 'change', 'changes')} from this edit, "
            f"{number['drift']:,} {repaired} drift{both if number['both'] else ''}."
        )

    def differing(self) -> dict[Subject, int]:
        """Count the changes by subject."""
        return Counter(change.target.subject for change in self.plan.changes)

    def access(self) -> dict[LineKind, int]:
        """Count the lines of access by kind: the figures of every format.

        A deleted principal that loses access counts as `gone` and as `revoked`.
        """
        found = Counter(kind for view in self.changes for kind in view.kinds)
        found["revoked"] += found["gone"]
        return {kind: found[kind] for kind in _KINDS}


def _edit_words(revision: str, left_out: LeftOut) -> str:
    """Say that a plan is limited to an edit, and how much it leaves out."""
    changes = number_of(left_out.changes, "change", "changes")
    parts = f", and a part of {number_of(left_out.parts, 'other', 'others')}"
    return (
        f"Only the edit since {revision} is planned. Left out as drift: "
        f"{changes}{parts if left_out.parts else ''}."
    )


def view_plan(
    plan: Plan,
    display_names: DisplayNames,
    refusals: tuple[RefusalView, ...] = (),
    *,
    fails_unmanaged: bool = False,
) -> PlanView:
    """Return the view of a plan and of the guards' refusals; risks are those of what is new."""
    causes = plan.causes.by_target if plan.causes else {}
    views = (
        _view(change, change.risks, display_names, PLAN, causes.get(change.target))
        for change in plan.changes
    )
    registries = display_names.registries
    return PlanView(plan, display_names, tuple(views), PLAN, refusals, registries, fails_unmanaged)


def view_drift(
    plan: Plan, display_names: DisplayNames, *, fails_unmanaged: bool = False
) -> PlanView:
    """Return the view of drift: its risks are those of what is live."""
    views = (_view(change, change.live_risks, display_names, DRIFT) for change in plan.changes)
    registries = display_names.registries
    return PlanView(plan, display_names, tuple(views), DRIFT, (), registries, fails_unmanaged)


def split_view(view: PlanView, key: Callable[[RegistryScope], Key]) -> dict[Key, PlanView]:
    """Split what is in several registries by a key of their scopes, in the order of these.

    What is in no registry in particular is left out. With one registry there are no parts.
    """
    if not view.registries:
        return {}
    plan = view.plan
    changes = by_scope(key, ((one.change.target.scope, one) for one in view.changes))
    findings = by_scope(key, ((one.scope, one) for one in plan.findings if one.scope != NO_SCOPE))
    errors = by_scope(key, ((one.target.scope, one) for one in plan.errors))
    unmanaged = by_scope(key, ((one.scope, one) for one in plan.unmanaged))
    violations = by_scope(key, ((one.target.scope, one) for one in plan.violations))
    in_sync = by_scope(key, ((scope, one.in_sync) for scope, one in plan.by_scope.items()))
    return {
        part: PlanView(
            Plan(
                changes=tuple(one.change for one in changes[part]),
                in_sync=sum(in_sync[part]),
                findings=tuple(findings[part]),
                errors=tuple(errors[part]),
                unmanaged=tuple(unmanaged[part]),
                violations=tuple(violations[part]),
            ),
            view.names,
            tuple(changes[part]),
            view.wording,
        )
        for part in dict.fromkeys(map(key, view.registries))
    }


def by_scope(
    key: Callable[[RegistryScope], Key], found: Iterable[tuple[RegistryScope, Item]]
) -> defaultdict[Key, list[Item]]:
    """Group what is in some registries by a key of their scopes."""
    grouped: defaultdict[Key, list[Item]] = defaultdict(list)
    for scope, item in found:
        grouped[key(scope)].append(item)
    return grouped


def equal_changes(
    bodies: Iterable[tuple[ChangeView, Body]], *, grouped: bool
) -> Iterable[tuple[Sequence[ChangeView], Body]]:
    """Group the repositories of one region that a format shows with equal bodies, in their order.

    What is no repository is alone, and so is each one unless `grouped`.
    """
    equal: defaultdict[tuple[RegistryScope | Target, Body], list[ChangeView]] = defaultdict(list)
    for view, body in bodies:
        target = view.change.target
        is_alone = not grouped or target.subject != "repository-policy"
        equal[target if is_alone else target.scope, body].append(view)
    for (_, body), views in equal.items():
        yield views, body


def _view(
    change: Change,
    risks: Iterable[Risk],
    names: DisplayNames,
    wording: Wording,
    causes: Causes | None = None,
) -> ChangeView:
    target = change.target
    name_resources = partial(resources_words, prefix=target.scope.arn_prefix)
    whole = lines = access_lines(change.access, names, name_resources)
    if causes is not None:
        lines = tuple(
            line._replace(cause=part.cause)
            for part in causes.access
            for line in access_lines([part.access], names, name_resources)
        )
    return ChangeView(
        change,
        lines,
        tuple(dict.fromkeys(view_risk(r, names, wording, target.subject) for r in risks)),
        tuple(_beside(change, wording)),
        tuple(_notes(change, wording)),
        tuple(line.kind for line in whole),
        causes,
    )


def _notes(change: Change, wording: Wording) -> Iterable[str]:
    """Say why the policy is removed, and which other policy gives what this change takes away."""
    if change.change == "delete":
        yield wording.delete[change.target.subject]
    if change.relies_on and wording.instead:
        number = len(change.relies_on)
        if change.target.subject == "repository-policy":
            giving = "the registry's policy gives"
        elif number == 1:
            giving = "the policy of 1 repository gives"
        else:
            giving = f"the policies of {number:,} repositories give"
        part = "a part of it" if change.revoked else "it"
        yield f"{giving} {part} {wording.instead}"


def view_risk(
    risk: Risk, names: DisplayNames, wording: Wording, subject: Subject = "repository-policy"
) -> RiskView:
    """Return a risk of a subject in the words of a plan or of drift."""
    named = names.find(risk.principal, risk.condition)
    label = principal_label(risk.principal, named, names.accounts)
    why = f": {risk.why}" if risk.why else ""
    policy = "this policy" if subject == "repository-policy" else "the policies of repositories"
    where = f"{risk.on} by the registry's policy" if risk.on else _REPOSITORIES[subject]
    words = wording.risks[risk.name].format(label, where, policy=policy)
    on = f" on {risk.on}" if risk.on and where not in words else ""
    return RiskView(risk.name, f"{words}{on}{why}")


def _beside(change: Change, wording: Wording) -> Iterator[str]:
    if change.settings is not None:
        yield f"{wording.create}: {', '.join(settings_words(change.settings))}"
    if change.target.subject != "creation-template" or change.after_text is None:
        return
    after = template_words(read_template(change.after_text))
    if change.before_text is None:
        fields = ", ".join(f"{name} {_shortened(words)}" for name, words in after.items())
        yield f"{wording.create_template}: {fields}"
        return
    before = template_words(read_template(change.before_text))
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, "nothing"), after.get(name, "nothing")
        if old != new:
            yield f"{name}: {wording.both_sides(_shortened(old), _shortened(new))}"


def _shortened(words: str) -> str:
    return words if len(words) <= _MOST_SHOWN else f"{len(words):,} characters"


def raw_lines(text: str) -> Iterator[str]:
    """Quote a live policy that is not understood, line by line."""
    for line in text[:MOST_RAW].splitlines():
        yield f"| {line}"
    if len(text) > MOST_RAW:
        yield f"| … {len(text) - MOST_RAW:,} more characters"


def registry_title(name: str, scope: RegistryScope) -> str:
    """Name one of several registries and a region: `central (111122223333 us-west-2)`.

    A registry that has no other name is called by its account.
    """
    return f"{name} ({'' if name == scope.account else f'{scope.account} '}{scope.region})"
