"""Guards: what a plan may not do unless the file or the run allows it."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.model.guards import Allowances, Guards, Limit
from reconciler.model.registry import RegistryScope, Target
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.plan.model import Change, Plan
from reconciler.policy import (
    EVERYONE,
    IS_SERVICE,
    NO_CONDITION,
    Caller,
    Document,
    IamArn,
    Principal,
    Statement,
    evaluate,
    facts_of_policy,
    glob_matches,
    iam_caller,
    includes_action,
    parse_arn,
    public_access,
)
from reconciler.printable import quoted

_OF_NO_NAME = re.compile(r"[^a-z0-9._/*?-]")
"""A character of no name and no pattern of names (ECR API Reference, "CreateRepository")."""

_NEEDED = ("ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy", "ecr:DeleteRepositoryPolicy")
"""This tool needs all of these to repair a policy."""

_NEEDED_FOR_REGISTRY = (
    *_NEEDED,
    "ecr:PutRegistryPolicy",
    "ecr:GetRegistryPolicy",
    "ecr:DeleteRegistryPolicy",
)
"""Of the registry's policy, a Deny may be about any of these. That ECR enforces it for calls that
change the policy itself is assumed: "enforced in all ECR requests" (Amazon ECR User Guide, "Private
registry permissions in Amazon ECR")."""

_KNOWN = {
    IS_SERVICE: ("false",),
    "aws:securetransport": ("true",),
    "aws:viaawsservice": ("false",),
}
"""What holds of every call that this tool makes to AWS (IAM User Guide, "AWS global condition
context keys")."""

_ALLOW_ALL = Statement(None, "Allow", (EVERYONE,), frozenset({"*"}), NO_CONDITION, {})
"""Stands for the identity policy that allows the caller to set the policy."""


class Refusal(NamedTuple):
    """One guard's no, in a sentence and as data.

    `target` is the repository that it is about, None where the guard counts over the whole plan.
    `figure` counts the grants that the run would revoke or add, or leave without access, `limit` is
    the file's limit of them; both are None where the guard counts nothing. `registry` is the name
    of the one of several registries that exceeds the limit, empty where the whole run does.
    """

    guard: RuleId
    message: str
    target: Target | None = None
    figure: int | None = None
    limit: Limit | None = None
    registry: str = ""


class UnusedAllowance(NamedTuple):
    """A repository that a guard was told to allow, and that the plan does not need it for."""

    guard: RuleId
    repository: str


def check_guards(
    plan: Plan,
    guards: Guards,
    allowances: Allowances,
    caller: Callable[[RegistryScope], str],
    names: Mapping[RegistryScope, str],
) -> tuple[Refusal, ...]:
    """Return every guard's refusal of this plan, sorted; without any, it may be applied.

    `caller` returns the ARN of whoever would write to a registry; it is called only where that
    matters. `names` are those of several registries; empty where the plan is for one.
    """
    refusals = [
        *_check_amounts(plan, guards, allowances, names),
        *check_public(plan.changes, (*guards.public, *allowances.public)),
        *_check_emptied(plan.changes, allowances.empty),
        *check_lock_out(plan.changes, allowances.lock_out, caller),
        *_check_never(plan, allowances.never),
    ]
    return tuple(sorted(refusals))


def check_public(changes: Iterable[Change], allowed: Collection[str]) -> Iterable[Refusal]:
    """Refuse each change that makes a repository public, or may do so.

    `allowed` are the names and patterns of repositories that may be public.
    """
    for change in changes:
        target = change.target
        if change.is_opaque:
            opened, what = [target.pattern], "is not understood, so it may be public"
        else:
            opened = _opened(change)
            what = "is public: it gives access to AWS accounts that it does not name"
        for name in opened:
            if not any(_allows(own, name) for own in allowed):
                place = "" if name == target.pattern else f" on {name}"
                message = f"{_new_policy(target)} {what}{place}"
                yield Refusal(RuleId.PUBLIC, message, target)


def _allows(pattern: str, opened: str) -> bool:
    """Whether repositories that may be public are all those that a change opens.

    What is no pattern of names (`all but …`, another ARN) may be any repository.
    """
    is_plain = not _OF_NO_NAME.search(opened)
    return glob_matches(pattern, opened if is_plain else EVERY_REPOSITORY)


def _opened(change: Change) -> list[str]:
    """Return what a change makes public, a name or a pattern each; sorted.

    A Deny that is removed from a policy that gives public access opens it, too.
    """
    marks = [risk for risk in change.risks if risk.name in (RuleId.PUBLIC, RuleId.DENY_REMOVED)]
    is_public = bool(marks and public_access(facts_of_policy(change.after)))
    return sorted(
        {
            risk.on or change.target.pattern
            for risk in marks
            if risk.name is RuleId.PUBLIC or is_public
        }
    )


def _new_policy(target: Target) -> str:
    if target.subject == "registry-policy":
        return f"the registry's new policy ({target.scope.region})"
    return f"the new policy of {target}"


def check_lock_out(
    changes: Iterable[Change], allowed: frozenset[str], caller: Callable[[RegistryScope], str]
) -> Iterable[Refusal]:
    """Refuse each change that denies, or may deny, the caller to set the policy again.

    `caller` returns an ARN as STS does, for each registry. Only a new Deny counts, not a missing
    Allow: identity policies of the registry's own account may allow the action ("Policy evaluation
    logic", IAM User Guide). A Deny that depends on what is not known of the caller counts.
    """
    denying = [
        change
        for change in changes
        if change.target.repository not in allowed and (change.is_opaque or _new_denials(change))
    ]
    for change in denying:
        arn = caller(change.target.scope)
        why = _lock_out(change, arn)
        if why:
            message = f"{why} {arn} from reading, setting or deleting the policy"
            yield Refusal(RuleId.LOCK_OUT, message, change.target)


class _Amounts(NamedTuple):
    """How many grants a plan revokes and adds in one of several registries, and how many are live.

    `registry` is its name, empty for the whole run.
    """

    registry: str
    revoked: int
    granted: int
    live: int


def _amounts(plan: Plan, names: Mapping[RegistryScope, str]) -> Iterator[_Amounts]:
    """Yield the amounts of the whole run, then those of each registry, in all of its regions."""
    revoked, granted, live = Counter[str](), Counter[str](), Counter[str]()
    for change in plan.changes:
        name = names.get(change.target.scope, "")
        revoked[name] += change.revoked
        granted[name] += change.granted
    for scope, name in names.items():
        live[name] += plan.by_scope[scope].live_grants
    yield _Amounts("", revoked.total(), granted.total(), plan.live_grants)
    for name, number in live.items():
        yield _Amounts(name, revoked[name], granted[name], number)


def _check_amounts(
    plan: Plan, guards: Guards, allowances: Allowances, names: Mapping[RegistryScope, str]
) -> Iterator[Refusal]:
    """Refuse a plan that exceeds a limit as a whole or in one registry.

    An allowance is for the whole run: one registry is never allowed what the run is not.
    """
    amounts = tuple(_amounts(plan, names))
    run, read = amounts[0], "" if plan.changed_since is None else " that were read"
    for one in amounts:
        of_live, limit = f"{_grants(one.live)}{read}", guards.max_revoked
        if run.revoked > allowances.revocations and _exceeds(one.revoked, one.live, limit):
            message = (
                f"this would revoke or narrow {one.revoked} of {of_live}"
                f"{_of_run(one.revoked, run.revoked)}; the limit is {limit}"
            )
            yield Refusal(RuleId.MAX_REVOKED, message, None, run.revoked, limit, one.registry)
        are_live, limit = f"{of_live} {'is' if one.live == 1 else 'are'} live", guards.max_granted
        if run.granted > allowances.grants and _exceeds(one.granted, one.live, limit):
            message = (
                f"this would add or widen {_grants(one.granted)}"
                f"{_of_run(one.granted, run.granted)}; {are_live} now; the limit is {limit}"
            )
            yield Refusal(RuleId.MAX_GRANTED, message, None, run.granted, limit, one.registry)


def _of_run(number: int, of_run: int) -> str:
    return "" if number == of_run else f" ({of_run} in the whole run)"


def _exceeds(number: int, of: int, limit: Limit | None) -> bool:
    return limit is not None and number > limit.grants and number * 100 > limit.percent * of


def _check_emptied(changes: Iterable[Change], allowed: frozenset[str]) -> Iterable[Refusal]:
    for change in changes:
        if change.emptied and change.target.repository not in allowed:
            of_registry = change.target.subject == "registry-policy"
            by = "by" if of_registry else "to"
            message = (
                f"no principal would keep access {by} {change.target}, which has "
                f"{_grants(change.emptied)} now"
            )
            yield Refusal(RuleId.EMPTY, message, change.target, change.emptied)


def _check_never(plan: Plan, allowed: frozenset[str]) -> Iterable[Refusal]:
    for broken in plan.violations:
        if not broken.repaired and broken.target.repository not in allowed:
            message = (
                f"{broken.who} {broken.has} on {broken.target}. The plan does not remove it, "
                f"although a never rule forbids it: {quoted(broken.because)}"
            )
            yield Refusal(RuleId.NEVER, message, broken.target)


def unused_allowances(plan: Plan, allowances: Allowances) -> tuple[UnusedAllowance, ...]:
    """Return the allowed repositories that the plan has nothing to do with."""
    changed = {change.target.repository for change in plan.changes}
    broken = {one.target.repository for one in plan.violations}
    return tuple(
        UnusedAllowance(guard, name)
        for guard, names, known in (
            (RuleId.EMPTY, allowances.empty, changed),
            (RuleId.LOCK_OUT, allowances.lock_out, changed),
            (RuleId.NEVER, allowances.never, broken),
        )
        for name in sorted(names - known)
    )


def _grants(number: int) -> str:
    return "1 grant" if number == 1 else f"{number} grants"


def _lock_out(change: Change, arn: str) -> str | None:
    """Return a phrase that the caller's ARN follows; None where it keeps what it needs."""
    if change.is_opaque:
        return f"{_new_policy(change.target)} is not understood, so it may prevent"
    denials = _about_policies(change)
    document = Document(None, (*denials, _ALLOW_ALL))
    caller = _caller(arn, denials)
    verdict = evaluate(document, caller, _NEEDED[0]).verdict
    if verdict == "denied":
        return f"a Deny on {change.target} would prevent"
    if verdict == "allowed":
        return None
    if any(p.kind == "NotPrincipal" for denial in denials for p in denial.principals):
        return (
            f"a Deny on {change.target} with NotPrincipal, which always denies a user or role with "
            "a permissions boundary, may prevent"
        )
    return f"a Deny on {change.target} may prevent"


def _about_policies(change: Change) -> tuple[Statement, ...]:
    """Return the new denials of any action that a repair of the policy needs, as one action.

    What evaluates statements knows no action of the whole registry.
    """
    of_registry = change.target.subject == "registry-policy"
    needed = _NEEDED_FOR_REGISTRY if of_registry else _NEEDED
    return tuple(
        one._replace(actions=frozenset({_NEEDED[0]}))
        for one in _new_denials(change)
        if any(includes_action(one.actions, action) for action in needed)
    )


def _new_denials(change: Change) -> tuple[Statement, ...]:
    return tuple(
        Statement(None, "Deny", (access.principal,), gained.actions, gained.condition, {})
        for access in change.access
        if access.effect == "Deny"
        for gained in access.gained
    )


def _caller(arn: str, denials: Iterable[Statement]) -> Caller:
    """Return the caller that an ARN of STS names, as a statement may name it.

    The ARN of a role's session lacks the role's path: any role of that name in the account is
    taken for it, and its own ARN is unknown to conditions.
    """
    parsed, session = parse_arn(arn), iam_caller(arn, _KNOWN)
    if parsed is None or parsed.resource_type != "assumed-role":
        return session
    role = parsed.path.partition("/")[0]
    named = {p for denial in denials for p in _named(denial) if _is_role(p, parsed, role)}
    return Caller((*session.principals, *sorted(named)), session.context, session.absent)


def _named(denial: Statement) -> Iterable[Principal]:
    """List the AWS principals that a Deny names or leaves out."""
    for principal in denial.principals:
        if principal.kind != "NotPrincipal":
            yield principal
            continue
        for name in principal.names:
            kind, _, value = name.partition(":")
            yield Principal(kind, (value,))


def _is_role(principal: Principal, session: IamArn, role: str) -> bool:
    arn = parse_arn(principal.names[0]) if principal.kind == "AWS" else None
    if arn is None or (arn.account, arn.resource_type) != (session.account, "role"):
        return False
    return arn.path.rpartition("/")[2] == role
