"""The registry's own policy in a plan: read, judged with the repositories' policies, and reported.

It is never changed here. Statements of it that count for a repository stand beside those of the
repository's own policy; what both mean together is decided where one policy is judged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.model.access import Desired, DisplayNames
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.plan.checks.findings import losses_by, warnings_of
from reconciler.plan.model import Beside, Plan, PlanError, finding
from reconciler.policy import (
    ALLOWS_ANYONE,
    EVERYONE,
    NO_REGISTRY_POLICY,
    Actions,
    Facts,
    Holder,
    PolicyScope,
    RegistryDocument,
    RegistryPolicy,
    RegistryStatement,
    Unreadable,
    add_facts,
    answers_on,
    belong_to_registry,
    describe_actions,
    display_clause,
    enforced,
    facts_of,
    plain_name,
    read_registry_policy,
    shown,
    statements_on,
    uncovered_facts,
)
from reconciler.printable import number_of, quoted

_POLICY, _SCOPE = "the registry's policy", "the scope of the registry's policy"
ENFORCED_BY_V1 = "ecr:BatchImportUpstreamImage, ecr:CreateRepository and ecr:ReplicateImage"
"""The actions of REGISTRY_POLICY_ACTIONS, in a message."""

_MOST_RAW = 300  # characters of a policy that is not understood
_MOST_NAMES = 3


class RegistryAccess:
    """The registry's own policy in one region: as it is written, and what is enforced of it."""

    def __init__(
        self,
        written: RegistryPolicy = NO_REGISTRY_POLICY,
        enforced: RegistryDocument = NO_REGISTRY_POLICY,
        scope: PolicyScope | None = None,
    ) -> None:
        self.written, self.enforced, self.scope = written, enforced, scope
        self._known: dict[tuple[bool | None, ...], Beside] = {}

    def beside(self, target: Target) -> Beside:
        """Return what it allows and denies on one repository.

        Repositories that the same statements are about share it.
        """
        answers = answers_on(self.enforced, target.arn) if self.enforced.statements else ()
        if answers not in self._known:
            self._known[answers] = self._beside(answers)
        return self._known[answers]

    def _beside(self, answers: tuple[bool | None, ...]) -> Beside:
        found = statements_on(self.enforced, answers)
        is_understood = not isinstance(self.written, Unreadable)
        # Of an unknown scope, no Allow is certain.
        certain = found.allowing if self.scope and is_understood else ()
        return Beside(
            facts_of(one.statement for one in found.counting),
            found.counting,
            facts_of(one.statement for one in certain),
            is_understood=is_understood,
        )


class JudgedRepository(NamedTuple):
    """A managed repository: what the file asks for, as facts too, and its facts after the plan.

    `beside` is what the registry's own policy adds to these.
    """

    target: Target
    desired: Desired
    asked: Facts
    after: Facts
    beside: Beside


def read_registry_access(live: LiveRegistry) -> RegistryAccess:
    """Return the registry's policy; an empty one where it has none, or where it is unknown.

    One that is not understood may let anyone in.
    """
    policy = live.policy
    if policy is None or isinstance(policy.text, ReadFailure):
        return RegistryAccess()
    written = read_registry_policy(policy.text, partition=live.scope.arn_prefix.partition)
    scope = None if isinstance(policy.scope, ReadFailure) else policy.scope
    if isinstance(written, Unreadable):
        return RegistryAccess(written, ALLOWS_ANYONE, scope)
    return RegistryAccess(written, enforced(written, scope), scope)


def why_unknown(live: LiveRegistry, access: RegistryAccess) -> str | None:
    """Return why it is not known what the registry's policy means; None where it is, or unasked.

    Without the scope it is not known where a statement has actions that only one scope enforces.
    """
    if live.policy is None:
        return None
    text, scope = live.policy.text, live.policy.scope
    if isinstance(text, ReadFailure):
        return f"{_POLICY} was not read: {text.message}"
    if isinstance(access.written, Unreadable):
        return f"{_POLICY} is not understood ({access.written})"
    if isinstance(scope, ReadFailure) and any(map(depends_on_scope, access.written.statements)):
        return f"{_SCOPE} was not read: {scope.message}"
    return None


def check_registry_policy(
    live: LiveRegistry,
    access: RegistryAccess,
    judged: Iterable[JudgedRepository],
    names: DisplayNames,
    *,
    is_managed: bool = False,
) -> Plan:
    """Report what the registry's policy does to the managed repositories, and what is not known.

    `access` is what it is to be after the plan. `judged` are those to which any of its statements
    applies. `is_managed`: the file manages it, so that it has to be known.
    """
    if live.policy is None:
        return Plan()
    text, scope = live.policy.text, live.policy.scope
    # Without a policy, its scope makes no difference to what is live.
    read = ((_POLICY, text), (_SCOPE, scope if text is not None or is_managed else None))
    unread = [(what, one) for what, one in read if isinstance(one, ReadFailure)]
    denied = [
        (what, one)
        for what, one in unread
        if one.rule is RuleId.ACCESS_DENIED and not (is_managed and what == _POLICY)
    ]
    found = [
        *(_unread(what, one) for what, one in denied),
        *_messages(live, access, tuple(judged), names),
    ]
    target = registry_target(live.scope)
    errors = (
        PlanError(target, one.rule, f"{what} was not read: {one.message}")
        for what, one in unread
        if (what, one) not in denied
    )
    findings = (finding(target, *one) for one in found)
    return Plan(findings=tuple(findings), errors=tuple(errors))


def depends_on_scope(one: RegistryStatement) -> bool:
    """Whether a statement has actions that only scope V2 enforces."""
    return not belong_to_registry(one.statement.actions)


_Message = tuple[RuleId, str]


def _unread(what: str, failure: ReadFailure) -> _Message:
    unseen = (
        "what it allows and denies is not part of this report"
        if what == _POLICY
        else "it is taken to allow all that it says, and to deny only what each scope denies"
    )
    message = f"{what} was not read, so {unseen}: {failure.message}"
    return RuleId.REGISTRY_POLICY_UNREAD, message


def _messages(
    live: LiveRegistry,
    access: RegistryAccess,
    judged: tuple[JudgedRepository, ...],
    names: DisplayNames,
) -> Iterator[_Message]:
    if isinstance(access.written, Unreadable):
        yield from _not_understood(access.written)
        return
    for one in access.written.statements:
        yield from _without_effect(one, live, access.scope)
    for one in access.enforced.statements:
        concerned = [r for r in judged if any(one is other for other in r.beside.statements)]
        yield from _beyond_the_file(one, concerned, names)
        yield from _denied(one, concerned)
    yield from _warnings(judged, names)


def _not_understood(policy: Unreadable) -> Iterator[_Message]:
    raw = " ".join(policy.text.split())
    text = raw if len(raw) <= _MOST_RAW else f"{raw[:_MOST_RAW]}…"
    yield (
        RuleId.UNREADABLE_POLICY,
        f"the registry's policy is not understood ({policy}): {text}",
    )
    yield RuleId.PUBLIC, "the registry's policy is not understood, so it may let anyone in"


def _without_effect(
    one: RegistryStatement, live: LiveRegistry, scope: PolicyScope | None
) -> Iterator[_Message]:
    """Report a Resource that matches nothing here, and actions that the scope leaves out."""
    subject = f"the registry's policy ({_which(one)})"
    for pattern, why in one.resources.unmatched(live.scope.arn_prefix):
        none = "matches no repository of this registry"
        if one.resources.excluded:
            none = "in NotResource excludes no repository of this registry"
        yield RuleId.REGISTRY_POLICY_IDLE, f"{subject}: {quoted(shown(pattern))} {none}: {why}"
    if scope == "V1" and depends_on_scope(one):
        described = describe_actions(one.statement.actions, {})
        yield (
            RuleId.REGISTRY_POLICY_IDLE,
            f"{subject} names {described}: under the account's policy scope V1 only "
            f"{ENFORCED_BY_V1} have an effect",
        )


def _beyond_the_file(
    one: RegistryStatement, concerned: Sequence[JudgedRepository], names: DisplayNames
) -> Iterator[_Message]:
    """Report each principal of a statement that it allows or denies more than the file says."""
    facts, matched = facts_of([one.statement]), len(concerned)
    beyond: defaultdict[tuple[Holder, Actions], int] = defaultdict(int)
    for repository in concerned:
        for holder, actions in uncovered_facts(facts, by=repository.asked).items():
            beyond[holder, actions] += 1
    allows = one.statement.effect == "Allow"
    rule = RuleId.REGISTRY_POLICY_GRANTS if allows else RuleId.REGISTRY_POLICY_DENIES
    verb, grants = ("gives", "grants") if allows else ("denies", "denies")
    for (holder, actions), number in beyond.items():
        described = describe_actions(actions, names.tiers_of(holder.principal))
        part = "" if number == matched else f" on {number} of them"
        beyond_file = f"the file {grants} no such access{part}"
        if allows and belong_to_registry(actions):
            beyond_file = "no repository's policy can grant this"
        yield (
            rule,
            f"the registry's policy ({_which(one)}) {verb} {_who(holder, names)} {described} on "
            f"{quoted(str(one.resources))} ({_repositories(matched)}); {beyond_file}",
        )


def _denied(one: RegistryStatement, concerned: Iterable[JudgedRepository]) -> Iterator[_Message]:
    """Report the file's grants that a Deny of the registry's policy takes away for certain."""
    deny = f"the Deny of the registry's policy ({_which(one)})"
    losing: defaultdict[str, list[str]] = defaultdict(list)
    for repository in concerned:
        for loss in losses_by(one.statement, deny, repository.target, repository.desired):
            losing[loss].append(repository.target.repository)
    for loss, repositories in losing.items():
        yield RuleId.GRANT_DENIED, f"on {_listed(repositories)}, {loss}"


def _warnings(judged: Iterable[JudgedRepository], names: DisplayNames) -> Iterator[_Message]:
    """Warn of public access and of who may rewrite policies, judged over both policies."""
    found: defaultdict[_Message, list[str]] = defaultdict(list)
    for repository in judged:
        target, own = repository.target, repository.beside.facts
        warnings = warnings_of(target, own, add_facts(repository.after, own), names)
        for warning in dict.fromkeys(warnings):  # two holders may have the same
            found[warning].append(target.repository)
    for (rule, does), repositories in found.items():
        yield rule, f"on {_listed(repositories)}, the registry's policy {does}"


def _which(one: RegistryStatement) -> str:
    sid = one.statement.sid
    return f"Sid {quoted(shown(sid))}" if sid else "a statement without Sid"


def _who(holder: Holder, names: DisplayNames) -> str:
    """Name a principal with all of its condition, after the file's name if it has one."""
    is_anyone = holder.principal == EVERYONE
    who = "everyone" if is_anyone else plain_name(holder.principal)
    if holder.condition:
        who += f" with {' and '.join(map(display_clause, holder.condition))}"
    name = names.name_of(holder.principal, holder.condition)
    return f"{name} ({who})" if name else who


def _repositories(number: int) -> str:
    return number_of(number, "managed repository", "managed repositories")


def _listed(repositories: list[str]) -> str:
    first, left = sorted(repositories)[:_MOST_NAMES], len(repositories) - _MOST_NAMES
    return ", ".join(first) + (f" and {left:,} more" if left > 0 else "")
