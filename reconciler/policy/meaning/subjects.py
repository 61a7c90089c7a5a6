"""What a document lets each of some principals do, and which statements decide it.

A subject is a principal with the condition that identifies it, such as everyone in an organization.
What always holds of its requests is not in question; everything else is for the evaluator.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from reconciler.policy.language.actions import KNOWN_ACTIONS, is_of_repositories
from reconciler.policy.language.condition_keys import ACCOUNT_KEYS, IS_SERVICE, ORGANIZATION_KEYS
from reconciler.policy.language.conditions import NO_CONDITION, Condition, parse_operator
from reconciler.policy.language.document import Action, Statement
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import Principal, arn_of, is_account, is_open_ended
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import caller_of, is_session_of
from reconciler.policy.meaning.evaluate import LEAST_FIRST, Reason, Verdict, concerns, decide
from reconciler.policy.meaning.facts import Actions, NamedPrincipal, reduce_actions
from reconciler.policy.meaning.implication import always_holds, contradictions
from reconciler.policy.meaning.tiers import as_pattern, includes_action, may_overlap

Through = Literal["account", "organization", "everyone"]
"""Whom a statement names, where it does not name the subject itself but includes it."""

DIRECT_FIRST: Sequence[Through | None] = (None, "account", "organization", "everyone")

Known = tuple[tuple[str, tuple[str, ...]], ...]
"""Condition keys in lower case that are known of each request, each with its values."""

_MEMBER = Principal("AWS", ("\ufdd0 member",))
"""A role or user of an account, of which the account's admins choose the name: a Deny with
NotPrincipal that excludes the account alone may deny it."""

_IDENTITY_KEYS = ORGANIZATION_KEYS | {*ACCOUNT_KEYS, *ACCOUNT_KEYS.values()}


class Subject(NamedTuple):
    """Who is asked about, and what is known of each of its requests.

    `roles` are the roles that a session may be of.
    """

    named: NamedPrincipal
    known: Known = ()
    roles: tuple[Principal, ...] = ()

    @property
    def given(self) -> Condition:
        """What identifies the subject beyond its principal; a network or a date does not."""
        return identity_of(self.named.principal, self.named.condition)


class Part(NamedTuple):
    """What is decided about some of a subject's actions, by one statement or for want of one.

    The statement is one of those that the verdict rests on; `reason` is None where nothing allows
    the actions.
    """

    verdict: Verdict
    actions: Actions
    reason: Reason | None = None
    through: Through | None = None


class SubjectIndex(NamedTuple):
    """Subjects, and their numbers by the principals that include them."""

    subjects: tuple[Subject, ...]
    by_principal: Mapping[Principal, Sequence[int]]


def identity_of(principal: Principal, condition: Condition) -> Condition:
    """Return the clauses that say which of the many that a principal stands for are meant.

    Empty for a role, a user or a session, which its ARN identifies.
    """
    if arn_of(principal) and not is_account(principal):
        return NO_CONDITION
    return tuple(clause for clause in condition if clause.key in _IDENTITY_KEYS)


def subject_of(
    named: NamedPrincipal, known: Known = (), principals: Iterable[Principal] = ()
) -> Subject:
    """Return a principal as a subject; `known` is what else is known of its requests.

    A session's role is looked up among the `principals` that documents name: the session's ARN
    lacks the role's path, and role names are unique in an account (IAM User Guide, "IAM
    identifiers").
    """
    session = arn_of(named.principal)
    if session is None or session.resource_type != "assumed-role":
        return Subject(named, known)
    arns = ((other, arn_of(other)) for other in principals)
    roles = {other for other, arn in arns if arn and is_session_of(session, arn)}
    return Subject(named, known, tuple(sorted(roles)))


def index_subjects(subjects: Iterable[Subject]) -> SubjectIndex:
    """Return subjects with an index, in the same order."""
    found = tuple(subjects)
    index: defaultdict[Principal, list[int]] = defaultdict(list)
    for number, subject in enumerate(found):
        for principal in _caller(subject).principals:
            index[principal].append(number)
    return SubjectIndex(found, index)


def parts_by_subject(
    statements: Sequence[Statement],
    index: SubjectIndex,
    asked: Actions | None = None,
    uncertain: Container[int] = (),
) -> Iterator[tuple[Subject, tuple[Part, ...]]]:
    """Yield the subjects that any of the statements concerns, with what is decided about them.

    `asked` are the actions in question, each exact or a pattern, which is allowed only as a whole.
    With None, they are those that the statements allow. `uncertain` are the positions of statements
    that may not apply, whoever asks.
    """
    for number, reached in sorted(_reached(statements, index).items()):
        sides = tuple(
            (r.effect, statements[r.position].actions, r.certain and r.position not in uncertain)
            for r, _ in reached
        )
        found = tuple(
            Part(verdict, actions) if own is None else Part(verdict, actions, *reached[own])
            for verdict, own, actions in _decided(sides, asked)
        )
        yield index.subjects[number], found


def parts_of(
    statements: Sequence[Statement],
    subject: Subject,
    asked: Actions,
    uncertain: Container[int] = (),
) -> tuple[Part, ...]:
    """Return the same for one subject; where nothing concerns it, all that is asked is denied."""
    found = dict(parts_by_subject(statements, index_subjects([subject]), asked, uncertain))
    return found.get(subject, (Part("denied", asked),))


class _Decided(Protocol):
    @property
    def verdict(self) -> Verdict: ...


def verdict_of(parts: Iterable[_Decided]) -> Verdict:
    """Return the verdict on all that was asked: the least of any part, `denied` without any."""
    return min((part.verdict for part in parts), key=LEAST_FIRST.index, default="denied")


_Reached = tuple[Reason, Through | None]


def _reached(
    statements: Sequence[Statement], index: SubjectIndex
) -> Mapping[int, Sequence[_Reached]]:
    """Return how the statements concern the subjects, by the subject's number."""
    found: defaultdict[int, list[_Reached]] = defaultdict(list)
    for position, statement in enumerate(statements):
        for number, principals in _named(statement, index).items():
            subject = index.subjects[number]
            reached = _concern(subject, principals, statement.effect, statement.condition)
            if reached:
                reason, through = reached
                own = reason._replace(position=position, sid=statement.sid)
                found[number].append((own, through))
    return found


def _named(statement: Statement, index: SubjectIndex) -> Mapping[int, tuple[Principal, ...]]:
    """Return the principals of a statement that include subjects, or may, by their numbers."""
    found: dict[int, tuple[Principal, ...]] = {}
    everyone = range(len(index.subjects))
    for principal in statement.principals:
        included = everyone if is_open_ended(principal) else index.by_principal.get(principal, ())
        for number in included:
            found[number] = (*found.get(number, ()), principal)
    return found


@lru_cache(maxsize=65_536)
def _concern(
    subject: Subject, principals: tuple[Principal, ...], effect: str, condition: Condition
) -> _Reached | None:
    """Return how a statement concerns a subject, and through whom."""
    given, caller = subject.given, _caller(subject)
    if given and contradictions((*given, *condition)):
        return None
    open_clauses = tuple(c for c in condition if not (given and always_holds(c, given, caller)))
    statement = Statement(None, effect, principals, frozenset(), open_clauses, {})
    reason = concerns(0, statement, caller)
    if reason is None:
        return None
    throughs = {_through(principal, condition, subject) for principal in principals}
    return reason, next(through for through in DIRECT_FIRST if through in throughs)


def _through(principal: Principal, condition: Condition, subject: Subject) -> Through | None:
    if principal == subject.named.principal and (
        principal.kind == "Service" or set(subject.given) <= set(condition)
    ):
        return None
    if is_open_ended(principal):
        demanded = {c.key for c in condition if parse_operator(c.operator).demands_key}
        return "organization" if demanded & ORGANIZATION_KEYS else "everyone"
    return None if principal in subject.roles else "account"


@lru_cache(maxsize=4_096)
def _caller(subject: Subject) -> Caller:
    principal = subject.named.principal
    caller = caller_of(principal)
    context = {**caller.context, **dict(subject.known)}
    if is_open_ended(principal):
        return Caller((), context)
    context[IS_SERVICE] = ("true" if principal.kind == "Service" else "false",)
    if len(subject.roles) == 1:
        context["aws:principalarn"] = subject.roles[0].names
    others = (*subject.roles, *((_MEMBER,) if is_account(principal) else ()))
    names = tuple(dict.fromkeys((principal, *caller.principals, *others)))
    return Caller(names, context, caller.absent)


_Side = tuple[str, Actions, bool]
"""Of a statement: its effect, its actions, and whether it certainly applies."""


@lru_cache(maxsize=16_384)
def _decided(
    sides: tuple[_Side, ...], asked: Actions | None
) -> tuple[tuple[Verdict, int | None, Actions], ...]:
    """Return the verdicts on actions, each with the number of a statement that it rests on."""
    found: defaultdict[tuple[Verdict, int | None], set[Action]] = defaultdict(set)
    for action in _allowed(sides) if asked is None else asked:
        decision = decide(
            Reason(number, None, effect, certain)
            for number, (effect, actions, certain) in enumerate(sides)
            if _includes(effect, actions, action)
        )
        numbers: list[int | None] = [reason.position for reason in decision.reasons]
        for number in numbers or [None]:
            found[decision.verdict, number].add(action)
    parts = (
        (verdict, number, reduce_actions(frozenset(a))) for (verdict, number), a in found.items()
    )
    return tuple(sorted(parts, key=lambda part: (part[0], -1 if part[1] is None else part[1])))


def _includes(effect: str, actions: Actions, action: Action) -> bool:
    """Whether a statement with these actions allows all of an action, or denies any of it."""
    if not is_of_repositories(as_pattern(action)):
        return False
    if effect == "Deny":
        return may_overlap(frozenset({action}), actions)
    return action in actions or (isinstance(action, str) and includes_action(actions, action))


def _allowed(sides: Iterable[_Side]) -> Actions:
    """Return what statements allow on a repository; each known action where a Deny takes a part."""
    allowed, denied = frozenset[Action](), frozenset[Action]()
    for effect, actions, _ in sides:
        allowed, denied = (
            (allowed | actions, denied) if effect == "Allow" else (allowed, denied | actions)
        )
    if may_overlap(allowed, denied):
        named = {a for a in allowed if isinstance(a, str) and not has_wildcard(a)}
        allowed = frozenset(a for a in {*KNOWN_ACTIONS, *named} if includes_action(allowed, a))
    return frozenset(a for a in allowed if is_of_repositories(as_pattern(a)))
