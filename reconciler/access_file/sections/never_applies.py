"""Grants and conditions of the file that can never apply, told with what would do instead."""

from collections.abc import Iterator
from itertools import islice

from reconciler.access_file.document.nodes import Node, child, pairs_of, place_at, scalars_in
from reconciler.access_file.document.problems import Place, ProblemList, shown
from reconciler.access_file.model import Member
from reconciler.access_file.sections.accounts import Surroundings
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.condition_keys import (
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    is_known_key,
    spell_key,
)
from reconciler.policy.language.conditions import (
    NO_CONDITION,
    Clause,
    Condition,
    Operator,
    canonical_operator,
    parse_operator,
)
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.principals import Principal, arn_of, service_principal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.policy.meaning.unsatisfiable import UnmetClause, unmet_clauses

_RULE = RuleId.NEVER_APPLIES
_MOST_TOLD = 20
_FIELDS = {
    "aws:principalarn": "role",
    "aws:principalorgid": "organization",
    "aws:principalorgpaths": "paths",
    "aws:sourceaccount": "source_accounts",
    "aws:sourcearn": "source_arns",
    "aws:sourceorgid": "source_organization",
    "aws:sourceorgpaths": "source_paths",
}
"""The keys of a principal's definition, by the condition key that each becomes."""

_KINDS = {
    "root": "an account's users and roles",
    "user": "a user",
    "federated-user": "a federated user",
}
_FOR_SERVICES = {
    "aws:principalaccount": "source_accounts (aws:SourceAccount)",
    "aws:principalarn": "source_arns (aws:SourceArn)",
    "aws:principalorgid": "source_organization (aws:SourceOrgID)",
    "aws:principalorgpaths": "source_organization with source_paths (aws:SourceOrgPaths)",
}
_FOR_OTHERS = {
    "aws:sourceaccount": "aws:PrincipalAccount",
    "aws:sourcearn": "aws:PrincipalArn",
    "aws:sourceorgid": "aws:PrincipalOrgID",
    "aws:sourceorgpaths": "aws:PrincipalOrgPaths",
    "aws:username": "aws:PrincipalArn",
}
_LOOKS = {
    "aws:principalaccount": "write an account's 12 digits",
    "aws:principalarn": "a request has the ARN of a user, a role or a federated user here; for a"
    " session, that of its role: arn:PARTITION:iam::ACCOUNT:role/NAME",
    "aws:principalorgid": "an organization's id looks like o-a1b2c3d4e5",
    "aws:principalorgpaths": "a path ends with a slash, and for all below with *: o-…/r-…/ou-…/*",
    "aws:sourcearn": "give the ARN of a resource that the service acts for",
    "aws:sourcevpc": "a VPC's id begins with vpc-; an endpoint's is aws:SourceVpce",
    "aws:sourcevpce": "an endpoint's id begins with vpce-; a VPC's is aws:SourceVpc",
}
_LOOKS |= {
    f"aws:{of}{what}": _LOOKS[f"aws:principal{what}"]
    for of in ("source", "resource")
    for what in ("account", "orgid", "orgpaths")
}
_MEMBERS_HINT = (
    "the members of an organization are users and roles; give a service its own line, with"
    " source_organization"
)


def check_applies(
    who: Member,
    around: Surroundings,
    node: Node | None,
    place: Place,
    *,
    besides: Condition = NO_CONDITION,
) -> None:
    """Warn of all that keeps somebody from ever meeting a condition.

    `node` is where it is written: a block of operators, or a principal's definition; `place` is
    for what is not in it. What `besides` alone rules out is told elsewhere.
    """
    if who.written == besides:
        return
    told = frozenset(unmet_clauses(who.principal, besides, around.known))
    found = unmet_clauses(who.principal, who.written, around.known)
    for obstacle in islice((one for one in found if one not in told), _MOST_TOLD):
        message = _message(obstacle, who.principal, around.known)
        hint = _hint(obstacle, who.principal, around.known)
        where = next(_places(obstacle, node), place)
        around.problems.warning(_RULE, message, where, hint=hint)


def check_tier_applies(
    of_everyone: Condition, actions: frozenset[str], place: Place, problems: ProblemList
) -> None:
    """Warn where an organization, everyone under a condition, gets what only a service uses."""
    if actions == BUILT_IN_TIERS["lambda"]:
        found = unmet_clauses(service_principal("lambda.amazonaws.com"), of_everyone)
        if any(obstacle.clause.key in ONLY_FOR_MEMBERS for obstacle in found):
            message = "for Lambda itself this never applies: no service is in an organization"
            hint = f"{_MEMBERS_HINT}; for users and roles, give pull"
            problems.warning(_RULE, message, place, hint=hint)


def _message(obstacle: UnmetClause, principal: Principal, known: Condition) -> str:
    clause, key = obstacle.clause, _key(obstacle.clause)
    match obstacle.reason:
        case "lacks-key" if clause.key in ONLY_FOR_SERVICES:
            why = f"only a service's own requests have {key}"
        case "lacks-key":
            why = f"the requests of {_kind(principal)} have no {key}"
        case "other-value":
            why = f"the requests of {_kind(principal)} never meet {_named(clause)}"
        case "no-such-value":
            whose = f" of {shown(principal.names[0])}" if principal.kind == "Service" else ""
            why = f"no request{whose} has {key} {shown(obstacle.value)}"
        case "no-set-operator":
            several = f"{key} may have several values"
            return f"{several}, and what {clause.operator} means for them is not documented"
        case "variable":
            return f"{shown(obstacle.value)} stands for a key that may have several values"
        case _ if obstacle.other in known:
            why = f"no request to this registry meets {_named(clause)}"
        case _:
            other = obstacle.other or clause
            why = f"no request meets both {_named(other)} and {_named(clause)}"
    return f"this never applies: {why}"


def _hint(obstacle: UnmetClause, principal: Principal, known: Condition) -> str | None:
    clause = obstacle.clause
    operator = parse_operator(clause.operator)
    match obstacle.reason:
        case "lacks-key" | "other-value":
            return _key_hint(clause.key, principal)
        case "no-such-value":
            return _value_hint(obstacle, operator)
        case "no-set-operator":
            qualifier = "ForAllValues" if operator.is_negated else "ForAnyValue"
            return f"use {qualifier}:{clause.operator}"
        case "variable":
            return "use a key that has one value"
        case _ if obstacle.other in known:
            return None
    keys = {clause.key, obstacle.other.key if obstacle.other else ""}
    of_both = keys & ONLY_FOR_MEMBERS and keys & ONLY_FOR_SERVICES
    return _MEMBERS_HINT if of_both else "take one of them out, or let their values meet"


def _value_hint(obstacle: UnmetClause, operator: Operator) -> str:
    clause = obstacle.clause
    if has_wildcard(obstacle.value) and not operator.base.endswith("Like"):
        like = "ArnLike" if clause.key.endswith("arn") else "StringLike"
        better = canonical_operator(operator._replace(base=like))
        return f"use {better}: to {clause.operator}, * and ? are plain characters"
    return _LOOKS[clause.key]


def _key_hint(key: str, principal: Principal) -> str | None:
    if principal.kind == "Service":
        if key in _FOR_SERVICES:
            return f"for a service, use {_FOR_SERVICES[key]}"
        if key == "aws:principalisawsservice":
            return "leave it out: it is true for a service"
        return "aws:SourceArn, aws:SourceAccount and aws:SourceOrgID say for whom a service acts"
    if key in _FOR_OTHERS:
        return f"for users and roles, use {_FOR_OTHERS[key]}"
    if key in ONLY_FOR_SERVICES or key == "aws:principalisawsservice":
        return "name the service as the principal, or leave it out"
    return None


def _kind(principal: Principal) -> str:
    if principal.kind == "Service":
        return "a service"
    arn = arn_of(principal)
    return _KINDS.get(arn.resource_type, "a role") if arn else "anyone"


def _named(clause: Clause) -> str:
    return f"{clause.operator} {_key(clause)} {_values(clause)}"


def _key(clause: Clause) -> str:
    return spell_key(clause.key) if is_known_key(clause.key) else shown(clause.key)


def _values(clause: Clause) -> str:
    more = f" or {len(clause.values) - 1:,} more" if len(clause.values) > 1 else ""
    return f"{shown(clause.values[0])}{more}"


def _places(obstacle: UnmetClause, node: Node | None) -> Iterator[Place]:
    """Give the places of what an obstacle names, the best one first."""
    for clause in filter(None, (obstacle.clause, obstacle.other)):
        for block in (node, child(node, "when")):
            for operator in pairs_of(block):
                for pair in pairs_of(operator.value):
                    if pair.key.text.lower() == clause.key and _is(operator.key.text, clause):
                        yield from _places_in(pair.value, obstacle.value)
                        yield pair.key.place
        field = child(node, _FIELDS.get(clause.key, ""))
        if field is not None:
            yield from _places_in(field, obstacle.value)
            yield place_at(node or field, (_FIELDS[clause.key],))


def _places_in(node: Node, value: str) -> Iterator[Place]:
    return (scalar.place for scalar in scalars_in(node) if value and scalar.text == value)


def _is(operator: str, clause: Clause) -> bool:
    try:
        return canonical_operator(parse_operator(operator)) == clause.operator
    except MalformedError:
        return False
