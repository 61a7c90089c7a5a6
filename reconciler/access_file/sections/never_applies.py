"""Warns of grants and conditions that no request can meet, and suggests what could apply."""

from collections.abc import Iterator
from itertools import islice

from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.document.tree import Node, child, pairs_of, place_at, scalars_in
from reconciler.access_file.sections.accounts import FileContext, ResolvedPrincipal
from reconciler.access_file.sections.conditions import find_operator
from reconciler.model.rules import RuleId
from reconciler.policy import (
    BUILT_IN_TIERS,
    IS_SERVICE,
    LAMBDA,
    NO_CONDITION,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    SERVICE_TIER,
    Clause,
    Condition,
    Principal,
    UnmetClause,
    arn_of,
    canonical_operator,
    has_wildcard,
    is_known_key,
    parse_operator,
    spell_key,
    unmet_clauses,
)

_MAX_REPORTED = 20
_FIELDS = {
    "aws:principalarn": "role",
    "aws:principalorgid": "organization",
    "aws:principalorgpaths": "paths",
    "aws:sourceaccount": "source_accounts",
    "aws:sourcearn": "source_arns",
    "aws:sourceorgid": "source_organization",
    "aws:sourceorgpaths": "source_paths",
}
"""The keys of a principal in the file, by the condition key that each becomes."""

_CALLERS = {
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
_FOR_USERS_AND_ROLES = {
    "aws:sourceaccount": "aws:PrincipalAccount",
    "aws:sourcearn": "aws:PrincipalArn",
    "aws:sourceorgid": "aws:PrincipalOrgID",
    "aws:sourceorgpaths": "aws:PrincipalOrgPaths",
    "aws:username": "aws:PrincipalArn",
}
_FORMS = {
    "aws:principalaccount": "write an account's 12 digits",
    "aws:principalarn": "the value is the ARN of a user, a role or a federated user; for a session,"
    " that of its role: arn:PARTITION:iam::ACCOUNT:role/NAME",
    "aws:principalorgid": "an organization's id has the form o-a1b2c3d4e5",
    "aws:principalorgpaths": "a path ends with a slash, or with /* for all below: o-…/r-…/ou-…/*",
    "aws:sourcearn": "write the ARN of a resource that the service acts for",
    "aws:sourcevpc": "a VPC's id begins with vpc-; the key for endpoints is aws:SourceVpce",
    "aws:sourcevpce": "an endpoint's id begins with vpce-; the key for VPCs is aws:SourceVpc",
}
_FORMS |= {
    f"aws:{of}{what}": _FORMS[f"aws:principal{what}"]
    for of in ("source", "resource")
    for what in ("account", "orgid", "orgpaths")
}
_MEMBERS_HINT = (
    "the members of an organization are users and roles; write a separate principal for the"
    " service, with source_organization"
)


def check_applies(
    resolved: ResolvedPrincipal,
    context: FileContext,
    node: Node | None,
    place: Place,
    *,
    checked: Condition = NO_CONDITION,
) -> None:
    """Warn of every reason why no request of a principal can meet its condition.

    `node` contains the condition: a block of operators, or the principal in the file; `place` is
    for what is not in it. Clauses in the part that is already `checked` are not reported again.
    """
    if resolved.written == checked:
        return
    principal, requests = resolved.principal, context.requests
    reported = frozenset(unmet_clauses(principal, checked, requests))
    found = unmet_clauses(principal, resolved.written, requests)
    for unmet in islice((one for one in found if one not in reported), _MAX_REPORTED):
        message, hint = _explain(unmet, principal, requests)
        where = next(_places(unmet, node), place)
        context.problems.warning(RuleId.NEVER_APPLIES, message, where, hint)


def check_tier_applies(
    condition: Condition, actions: frozenset[str], place: Place, problems: ProblemList
) -> None:
    """Warn where an organization, everyone under a condition, has the tier for the service."""
    if actions == BUILT_IN_TIERS[SERVICE_TIER]:
        found = unmet_clauses(LAMBDA, condition)
        if any(unmet.clause.key in ONLY_FOR_MEMBERS for unmet in found):
            message = "this never applies to Lambda itself: no service is in an organization"
            hint = f"{_MEMBERS_HINT}; for users and roles, use the tier pull"
            problems.warning(RuleId.NEVER_APPLIES, message, place, hint)


def _explain(
    unmet: UnmetClause, principal: Principal, requests: Condition
) -> tuple[str, str | None]:
    clause, key, hint = unmet.clause, _key(unmet.clause), None
    match unmet.reason:
        case "lacks-key" if clause.key in ONLY_FOR_SERVICES:
            why, hint = f"only requests of a service have {key}", _key_hint(clause.key, principal)
        case "lacks-key":
            why = f"requests of {_caller(principal)} have no {key}"
            hint = _key_hint(clause.key, principal)
        case "other-value":
            why = f"requests of {_caller(principal)} never meet {_written(clause)}"
            hint = _key_hint(clause.key, principal)
        case "no-such-value":
            caller = f" of {quote(principal.names[0])}" if principal.kind == "Service" else ""
            why, hint = f"no request{caller} has {key} {quote(unmet.value)}", _value_hint(unmet)
        case "no-set-operator":
            why = f"{key} may have several values; {clause.operator} is not documented for them"
            is_negated = parse_operator(clause.operator).is_negated
            return why, f"use {'ForAllValues' if is_negated else 'ForAnyValue'}:{clause.operator}"
        case "variable":
            why = f"{quote(unmet.value)} is a variable of a key that may have several values"
            return why, "use a key that has one value"
        case _ if unmet.other in requests:
            why = f"no request to this registry meets {_written(clause)}"
        case _:
            other = unmet.other or clause
            why = f"no request meets both {_written(other)} and {_written(clause)}"
            keys = {clause.key, other.key}
            of_both = keys & ONLY_FOR_MEMBERS and keys & ONLY_FOR_SERVICES
            hint = _MEMBERS_HINT if of_both else "remove one of them, or make their values overlap"
    return f"this never applies: {why}", hint


def _value_hint(unmet: UnmetClause) -> str:
    clause, operator = unmet.clause, parse_operator(unmet.clause.operator)
    if has_wildcard(unmet.value) and not operator.is_pattern:
        like = "ArnLike" if clause.key.endswith("arn") else "StringLike"
        better = canonical_operator(operator._replace(base=like))
        return f"use {better}: in {clause.operator}, * and ? are plain characters"
    return _FORMS[clause.key]


def _key_hint(key: str, principal: Principal) -> str | None:
    if principal.kind == "Service":
        if key in _FOR_SERVICES:
            return f"for a service, use {_FOR_SERVICES[key]}"
        if key == IS_SERVICE:
            return "remove it: it is always true for a service"
        return "for a service, use aws:SourceArn, aws:SourceAccount or aws:SourceOrgID"
    if key in _FOR_USERS_AND_ROLES:
        return f"for users and roles, use {_FOR_USERS_AND_ROLES[key]}"
    if key in ONLY_FOR_SERVICES or key == IS_SERVICE:
        return "write the service as the principal, or remove the key"
    return None


def _caller(principal: Principal) -> str:
    if principal.kind == "Service":
        return "a service"
    arn = arn_of(principal)
    return _CALLERS.get(arn.resource_type, "a role") if arn else "anyone"


def _written(clause: Clause) -> str:
    more = f" or {len(clause.values) - 1:,} more" if len(clause.values) > 1 else ""
    return f"{clause.operator} {_key(clause)} {quote(clause.values[0])}{more}"


def _key(clause: Clause) -> str:
    return spell_key(clause.key) if is_known_key(clause.key) else quote(clause.key)


def _places(unmet: UnmetClause, node: Node | None) -> Iterator[Place]:
    """Yield the places of what an unmet clause is about, the most precise one first."""
    for clause in filter(None, (unmet.clause, unmet.other)):
        for block in (node, child(node, "when")):
            for operator in pairs_of(block):
                known = find_operator(operator.key.text)
                has_operator = known and canonical_operator(known) == clause.operator
                for pair in pairs_of(operator.value) if has_operator else ():
                    if pair.key.text.lower() == clause.key:
                        yield from _places_in(pair.value, unmet.value)
                        yield pair.key.place
        field = child(node, _FIELDS.get(clause.key, ""))
        if field is not None:
            yield from _places_in(field, unmet.value)
            yield place_at(node or field, (_FIELDS[clause.key],))


def _places_in(node: Node, value: str) -> Iterator[Place]:
    return (scalar.place for scalar in scalars_in(node) if value and scalar.text == value)
