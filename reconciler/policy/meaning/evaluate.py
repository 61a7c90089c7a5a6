"""What a policy document answers to one caller and one action: the resource policy alone.

The answer is this document's, not the service's: across accounts the caller's identity policy
must allow the action too, and within the registry's own account it may allow what no statement
here does; a registry policy, an organization's policies and a permissions boundary may each
change the outcome. Sources: IAM User Guide, "Policy evaluation logic", "AWS JSON policy elements:
Principal" and "AWS JSON policy elements: NotPrincipal".
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import is_of_repositories
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Action, Document, NotAction, Statement
from reconciler.policy.language.glob import glob_matches, has_wildcard
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.language.request_context import Caller
from reconciler.policy.language.ternary import Answer, all_of, any_of
from reconciler.policy.meaning.clauses import clause_holds

Verdict = Literal["allowed", "denied", "depends"]


class Reason(NamedTuple):
    """A statement that has a say, by its place in the document (from 0) and its Sid.

    `certain` where it applies whatever else the request holds; if not, `depends_on` are the
    clauses that can't be told. None of them: it depends on how the service reads the principal,
    or on whether the caller has a permissions boundary.
    """

    position: int
    sid: str | None
    effect: str
    certain: bool
    depends_on: Condition


class Decision(NamedTuple):
    """The verdict, and the statements that make it.

    `reasons` is the one that allows or denies; empty where nothing allows (the implicit deny);
    for `depends`, every statement that could decide, those that deny first.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()

    @property
    def depends_on(self) -> Condition:
        """All the clauses that can't be told, sorted."""
        return tuple(sorted({clause for reason in self.reasons for clause in reason.depends_on}))


_IMPLICIT_DENY = Decision("denied")


def evaluate(document: Document, caller: Caller, action: str) -> Decision:
    """Answer whether the document lets a caller do one action (any case, no wildcard).

    An explicit Deny wins over every Allow, and what nothing allows is denied. `depends` wherever
    the outcome depends on something unknown. An account as principal takes in all of its
    principals. A repository's policy allows no actions of the whole registry or of another
    service. Raises ValueError for an action with a wildcard.
    """
    if has_wildcard(action):
        raise ValueError(f"one action, no pattern: {action}")
    if not is_of_repositories(action):
        return _IMPLICIT_DENY
    statements = enumerate(document.statements)
    found = [_reason(position, statement, caller, action) for position, statement in statements]
    denying = [reason for reason in found if reason and reason.effect == "Deny"]
    allowing = [reason for reason in found if reason and reason.effect == "Allow"]
    denies, allows = _certain(denying), _certain(allowing)
    if denies:
        return Decision("denied", denies)
    if not allowing:
        return _IMPLICIT_DENY
    if allows and not denying:
        return Decision("allowed", allows)
    return Decision("depends", (*denying, *(allows or allowing)))


def _certain(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return next(((reason,) for reason in reasons if reason.certain), ())


def _reason(position: int, statement: Statement, caller: Caller, action: str) -> Reason | None:
    """Give the say that a statement has; None where it does not apply."""
    named = any_of(_names(p, caller, statement.effect) for p in statement.principals)
    done = any(_includes(pattern, action.lower()) for pattern in statement.actions)
    clauses = [(clause, clause_holds(clause, caller)) for clause in statement.condition]
    applies = all_of([named, done, *(answer for _, answer in clauses)])
    if applies is False:
        return None
    unknown = tuple(clause for clause, answer in clauses if answer is None)
    return Reason(position, statement.sid, statement.effect, applies is True, unknown)


def _includes(pattern: Action, lowered: str) -> bool:
    if isinstance(pattern, NotAction):
        return not any(glob_matches(name.lower(), lowered) for name in pattern.excluded)
    return glob_matches(pattern.lower(), lowered)


def _names(principal: Principal, caller: Caller, effect: str) -> Answer:
    if principal == EVERYONE:
        return True
    if principal.kind == "NotPrincipal":
        left_in = _leaves_in(frozenset(principal.names), caller)
        return left_in or (None if effect == "Deny" and _may_be_bounded(caller) else left_in)
    if principal in caller.principals:
        return True
    # No Principal element, or a wildcard inside a name: the service documents neither.
    return None if not principal.names or has_wildcard(principal.names[0]) else False


def _leaves_in(excluded: frozenset[str], caller: Caller) -> Answer:
    """Tell whether a NotPrincipal speaks of a caller: whether it is not among the excluded.

    To exclude a role, its account has to be excluded too, for the service may look at the one
    or the other first; with only a part of them the outcome is the service's. The same is
    assumed of an Allow, where the element is not supported.
    """
    if "AWS:*" in excluded:
        return False
    own = {f"{principal.kind}:{principal.names[0]}" for principal in caller.principals}
    if own and own <= excluded:
        return False
    return None if own & excluded or any(map(has_wildcard, excluded)) else True


def _may_be_bounded(caller: Caller) -> bool:
    """Tell whether a caller may have a permissions boundary: a user, a role or a session may.

    A Deny with NotPrincipal denies whoever has one, whatever it excludes.
    """
    own = (p for p in caller.principals if p.kind == "AWS")
    return any(not principal.names[0].endswith(":root") for principal in own)
