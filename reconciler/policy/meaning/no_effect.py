"""Grants without effect: a Deny takes their actions away, or no request meets their condition.

Only what is certain counts. Sources: IAM User Guide, "Policy evaluation logic", "AWS JSON policy
elements: NotPrincipal", "AWS global condition context keys" (under "Availability", who has which
key; and what its values look like), "Single-valued vs. multivalued context keys" and "IAM policy
elements: Variables and tags".
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import KNOWN_ACTIONS, covers
from reconciler.policy.language.condition_keys import (
    IS_SERVICE,
    MULTIVALUED,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    SOURCE_ARN,
    is_unknown_key,
    spell_key,
    variable_keys,
)
from reconciler.policy.language.conditions import Clause, Condition, Operator, parse_operator
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    EVERYONE,
    Principal,
    account_of,
    parse_arn,
    service_name,
    split_arn,
)
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import (
    caller_of,
    iam_kind,
    kinds_of,
    possible_requests,
    requires_key,
    service_kind,
)
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.facts import Actions, Holder
from reconciler.policy.meaning.implication import always_holds, contradictions, implied
from reconciler.policy.meaning.tiers import action_names, as_pattern, includes_action
from reconciler.printable import some_of

_MOST_REPORTED = 20
"""The most values of one clause that are reported."""

_ACCOUNT = ("?" * 12,)
_ORGANIZATION, _PATH = ("o-*",), ("o-*/r-*/",)
_SHAPES = {
    "aws:principalaccount": (*_ACCOUNT, "anonymous"),
    "aws:principalarn": ("arn:*:iam::*:*", "arn:*:sts::*:federated-user/*"),
    "aws:principalorgid": _ORGANIZATION,
    "aws:principalorgpaths": _PATH,
    "aws:resourceaccount": _ACCOUNT,
    "aws:resourceorgid": _ORGANIZATION,
    "aws:sourceaccount": _ACCOUNT,
    SOURCE_ARN: ("arn:*:*:*:*:*",),
    "aws:sourceorgid": _ORGANIZATION,
    "aws:sourceorgpaths": _PATH,
    "aws:sourcevpc": ("vpc-*",),
    "aws:sourcevpce": ("vpce-*",),
}
"""Patterns of all the values that a key can have; none of them has a `*` or a `?` in it."""

UnmetReason = Literal[
    "lacks-key", "other-value", "no-such-value", "no-set-operator", "variable", "pair"
]


class Denial(NamedTuple):
    """A Deny: its principals, actions and condition."""

    principals: frozenset[Principal]
    actions: Actions
    condition: Condition


class Loss(NamedTuple):
    """The actions of a grant that a Deny takes away; `whole` where that is all of them.

    `missing` are the keys, as AWS spells them, that no request of the grant has, so that the Deny
    holds. `excluding` is the value of `aws:PrincipalIsAWSService` that, as a further condition of
    the Deny, would exclude the grant; None where there is none.
    """

    actions: Actions
    whole: bool
    missing: tuple[str, ...]
    excluding: str | None

    @property
    def remedy(self) -> str:
        """What to change so that nothing is lost, as a phrase for messages."""
        if self.excluding is None:
            return "remove the grant, or exclude it from the Deny"
        whom = "to exclude services" if self.excluding == "false" else "to deny only services"
        clause = f'Bool: {{"aws:PrincipalIsAWSService": "{self.excluding}"}}'
        return f"{whom}, add to the Condition of the Deny: {clause}"

    def describe(self, grant: str, principals: Iterable[str], deny: str) -> str:
        """Return the loss as a sentence, given names for the grant, its principals and the Deny."""
        keys = ", ".join(self.missing)
        why = f"; no request of this grant has {keys}, so the Deny applies" if keys else ""
        effect = "has no effect" if self.whole else "is only partly effective"
        actions = "all of its actions" if self.whole else some_of(action_names(self.actions))
        return f"{grant} {effect} for {some_of(principals)}: {deny} denies {actions}{why}"


def denial_of(statement: Statement) -> Denial | None:
    """Return a statement as a Deny; None for an Allow."""
    if statement.effect != "Deny":
        return None
    return Denial(frozenset(statement.principals), statement.actions, statement.condition)


def compute_loss(holder: Holder, actions: Actions, denial: Denial, known: Condition) -> Loss | None:
    """Return what a Deny certainly takes of the actions that a holder is allowed; None if nothing.

    `known` holds of every request. Nothing is lost of a grant that never applies.
    """
    principal, _, condition = holder
    taken = _taken(actions, denial.actions)
    caller = _caller(principal, condition, denial.condition, known) if taken else None
    if caller is None or not _applies_to(denial, principal, caller):
        return None
    certain, callers = (*condition, *known), possible_requests(caller)
    if not all(always_holds(clause, certain, c) for c in callers for clause in denial.condition):
        return None
    missing = [clause.key for clause in denial.condition if clause.key in caller.absent]
    whole = all(includes_action(denial.actions, as_pattern(action)) for action in actions)
    excluding = _excluding_value(principal, denial, missing)
    return Loss(taken, whole, tuple(map(spell_key, missing)), excluding)


@lru_cache(maxsize=4_096)
def _taken(actions: Actions, denied: Actions) -> Actions:
    """Return the allowed actions that are denied; of overlapping patterns, the known actions."""
    others = {a for a in (*actions, *denied) if isinstance(a, str) and a not in KNOWN_ACTIONS}
    of_both = (a for a in others if includes_action(actions, a) and includes_action(denied, a))
    taken = {*(_known_in(actions) & _known_in(denied)), *of_both}
    patterns = [p for p in taken if has_wildcard(p)]
    return frozenset(a for a in taken if not any(a != p and covers(p, a) for p in patterns))


@lru_cache(maxsize=4_096)
def _known_in(actions: Actions) -> frozenset[str]:
    return frozenset(action for action in KNOWN_ACTIONS if includes_action(actions, action))


def _applies_to(denial: Denial, principal: Principal, caller: Caller) -> bool:
    """Whether a Deny names everyone that a principal stands for.

    A NotPrincipal does where it excludes no principal of the same account: the service may check
    a role, its session or its account first.
    """
    if EVERYONE in denial.principals or not denial.principals.isdisjoint(caller.principals):
        return True
    (one, *others) = denial.principals
    if one.kind != "NotPrincipal" or others or not caller.principals:
        return False
    excluded = [name.partition(":")[::2] for name in one.names]
    if principal.kind == "Service":
        return ("AWS", "*") not in excluded and ("Service", principal.names[0]) not in excluded
    of_aws = [parse_arn(name) for kind, name in excluded if kind == "AWS"]
    return all(arn and arn.account != account_of(principal) for arn in of_aws)


@lru_cache(maxsize=4_096)
def _caller(
    principal: Principal, condition: Condition, denying: Condition, known: Condition
) -> Caller | None:
    """Return a grant's caller, with what is certain of each request it allows; None if none."""
    caller = caller_of(principal)
    kind = Caller(())
    if principal.kind == "Service":
        kind = service_kind(principal.names, denying)
    elif requires_key(condition, ONLY_FOR_SERVICES):
        kind = service_kind((), denying)
    elif caller.principals or requires_key(condition, ONLY_FOR_MEMBERS):
        kind = iam_kind(principal)
    equal = {c.key: c.values for c in known if c.operator == "StringEquals" and len(c.values) == 1}
    context = {**caller.context, **kind.context, **equal}
    full = Caller(caller.principals, context, caller.absent | kind.absent)
    never = any(clause_holds(clause, full) is False for clause in condition)
    return None if never else full


def _excluding_value(principal: Principal, denial: Denial, missing: Iterable[str]) -> str | None:
    if any(clause.key == IS_SERVICE for clause in denial.condition):
        return None
    if principal.kind == "Service":
        return None if principal in denial.principals else "false"
    return "true" if not ONLY_FOR_SERVICES.isdisjoint(missing) else None


class UnmetClause(NamedTuple):
    """A clause that no request of a principal meets, and why.

    `lacks-key`: its requests do not have the key; `other-value`: they all have another value;
    `no-such-value`: the key never has `value`, which may be one of several; `pair`: the clause and
    `other` contradict each other. Two are not certain, but not documented: `no-set-operator`, for
    a key that may have several values, and `variable`, for the variable `value` of such a key.
    """

    reason: UnmetReason
    clause: Clause
    value: str = ""
    other: Clause | None = None


def unknown_keys(statement: Statement) -> frozenset[str]:
    """Return the unknown keys of a statement as they are written; those of variables, too."""
    block = statement.raw.get("Condition")
    if block is None:
        return frozenset()
    blocks = block.values() if isinstance(block, Mapping) else ()
    written = (str(key) for keys in blocks for key in keys)
    variables = (k for c in statement.condition for v in c.values for k in variable_keys(v))
    return frozenset(filter(is_unknown_key, (*written, *variables)))


@lru_cache(maxsize=4_096)
def unmet_clauses(
    principal: Principal, condition: Condition, known: Condition = ()
) -> tuple[UnmetClause, ...]:
    """Return why no request of a principal meets a condition; empty where one may.

    `known` holds of every request.
    """
    if not condition:
        return ()
    service = principal.names[0] if principal.kind == "Service" else None
    found = dict.fromkeys(_by_values(condition, service))
    callers = kinds_of(principal, condition)
    unmet = [[c for c in condition if _is_unmet(c, caller)] for caller in callers]
    if all(unmet):
        found.update(dict.fromkeys(_by_callers(callers, unmet)))
    reported = {one.clause for one in found}
    for clause, other in contradictions(condition, known):
        if not {clause, other} & reported:
            found[UnmetClause("pair", clause, other=other)] = None
    return tuple(found)


@lru_cache(maxsize=4_096)
def _by_values(condition: Condition, service: str | None) -> tuple[UnmetClause, ...]:
    """Return what the clauses alone show, whoever calls; `service` is the caller if it is one."""
    return tuple(
        unmet
        for clause in condition
        for unmet in (*_undocumented(clause), *_no_such_values(clause, service))[:_MOST_REPORTED]
    )


def _by_callers(
    callers: Sequence[Caller], unmet: Sequence[Sequence[Clause]]
) -> Iterable[UnmetClause]:
    """Return why a principal, or each kind of caller that it may be, does not meet a condition."""
    if len(callers) == 1:
        for clause in unmet[0]:
            lacks = clause.key in callers[0].absent
            yield UnmetClause("lacks-key" if lacks else "other-value", clause)
        return
    first, *others = (clauses[0] for clauses in unmet)
    other = next((clause for clause in others if clause != first), None)
    yield UnmetClause("pair" if other else "other-value", first, other=other)


def _is_unmet(clause: Clause, caller: Caller) -> bool:
    parts = (clause, *implied(clause))
    requests = possible_requests(caller)
    return all(any(clause_holds(part, one) is False for part in parts) for one in requests)


def _undocumented(clause: Clause) -> Iterable[UnmetClause]:
    operator = parse_operator(clause.operator)
    if clause.key in MULTIVALUED and not operator.qualifier and operator.base != "Null":
        yield UnmetClause("no-set-operator", clause)
    for value in clause.values:
        if any(key.lower() in MULTIVALUED for key in variable_keys(value)):
            yield UnmetClause("variable", clause, value)


def _no_such_values(clause: Clause, service: str | None) -> Iterable[UnmetClause]:
    operator = parse_operator(clause.operator)
    shapes = _SHAPES.get(clause.key)
    if shapes is None or not (operator.demands_key and operator.is_text):
        return
    for value in clause.values:
        if "${" in value:
            continue
        if not _fits(operator, value, shapes) or not _may_be_source(clause, value, service):
            yield UnmetClause("no-such-value", clause, value)


def _fits(operator: Operator, value: str, shapes: Iterable[str]) -> bool:
    """Whether a value of the policy may match any value of a shape."""
    if operator.is_pattern:
        return any(_intersect(operator.base, value, shape) for shape in shapes)
    text = value.lower() if operator.base == "StringEqualsIgnoreCase" else value
    return not has_wildcard(text) and any(glob_matches(shape, text) for shape in shapes)


def _intersect(base: str, value: str, shape: str) -> bool:
    """Whether two patterns have a text in common; those of ARNs field by field.

    Where a wildcard may cross a colon, it is unknown in which field it ends; what a pattern with
    too few fields means to ArnLike is not documented.
    """
    arn, of_shape = split_arn(value), split_arn(shape)
    if of_shape is None:
        return globs_intersect(value, shape)
    if arn is None:
        return has_wildcard(value)
    crosses = base == "StringLike" and has_wildcard("".join(arn[:-1]))
    return crosses or all(map(globs_intersect, arn, of_shape))


def _may_be_source(clause: Clause, value: str, service: str | None) -> bool:
    """Whether a service may act for the resources that an ARN matches: those of its own.

    The service in an ARN and the one in a principal's name are not always spelled alike
    (`ecs-tasks.amazonaws.com` acts for `arn:aws:ecs:…`), so that one within the other is enough.
    """
    if clause.key != SOURCE_ARN or service is None:
        return True
    arn, name = split_arn(value), service_name(service)
    if arn is None or has_wildcard(arn.scheme + arn.partition + arn.service):
        return True
    return arn.service in name or any(part in arn.service for part in name.split("."))
