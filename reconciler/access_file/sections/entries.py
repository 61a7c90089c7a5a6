"""Reads `repositories`: which principal has which tier on which repository, and raw statements."""

from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    place_at,
    plain,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.model import Entry, PlacedGrant, PlacedStatement
from reconciler.access_file.sections.accounts import (
    FileContext,
    ResolvedPrincipal,
    check_named,
    report_bad_id,
)
from reconciler.access_file.sections.conditions import (
    all_of,
    check_conditions,
    check_operators,
    ends_at,
    read_until,
    read_when,
)
from reconciler.access_file.sections.names import Principals, is_group, resolve
from reconciler.access_file.sections.never_applies import check_applies, check_tier_applies
from reconciler.access_file.sections.principals import read_arn, read_service
from reconciler.access_file.sections.registry import check_repository, read_creation
from reconciler.access_file.sections.tiers import check_actions, check_tier
from reconciler.model.access import Grant
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACCOUNT_ID,
    EVERYONE,
    NO_CONDITION,
    SID_PREFIX,
    Condition,
    MalformedError,
    Principal,
    Statement,
    canonical_condition,
    deleted_kind,
    has_wildcard,
    parse_statement,
    read_condition,
)

_GRANTS = WorkLimit(1_000_000, "grants and values of their conditions")
_HINT = "write a statement as in IAM: Effect, Principal, Action and, optionally, Sid and Condition"
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
)
_RESOURCES = frozenset({"Resource", "NotResource"})
_REFUSED_KINDS = ("Federated", "CanonicalUser")


class _TierTerms(NamedTuple):
    """One tier of an access with its terms, which apply to each principal of the key."""

    tier: str
    place: Place
    condition: Condition = NO_CONDITION
    until: datetime | None = None
    when: Node | None = None


def read_entries(node: Node | None, context: FileContext) -> tuple[Entry, ...]:
    """Read all entries, in the order of the file."""
    return tuple(_read_entry(pair, context) for pair in pairs_of(node))


def _read_entry(pair: Pair, context: FileContext) -> Entry:
    check_repository(pair.key, context.problems)
    inherit = child(pair.value, "inherit")
    if inherit and has_wildcard(pair.key.text):
        message = "'inherit' is only for the entry of one repository, not for a pattern"
        hint = "write it on the entries of the repositories that are not to inherit"
        context.problems.error(RuleId.INHERIT_ON_PATTERN, message, inherit.place, hint)
    return Entry(
        repository=pair.key.text,
        place=pair.key.place,
        inherit=value_of(inherit) is not False,
        settings=read_creation(pair, context),
        statements=_read_statements(child(pair.value, "statements"), context),
        grants=_read_access(child(pair.value, "access"), context),
    )


def _read_access(node: Node | None, context: FileContext) -> tuple[PlacedGrant, ...]:
    grants: list[PlacedGrant] = []
    first_keys: dict[tuple[Principal, Condition], ScalarNode] = {}
    taken = {pair.key.text for pair in pairs_of(node)}
    for pair in pairs_of(node):
        key = pair.key
        principals = resolve(key, context, taken=taken)
        if not is_group(key.text, context):
            _warn_of_same_principal(key, principals, first_keys, context.problems)
        items = items_of(pair.value)
        values = sum(1 + _number_of_values(principal.written) for principal in principals)
        context.problems.count(_GRANTS, values * len(items), key.place)
        all_terms = [terms for item in items if (terms := _read_terms(item, context))]
        values = sum(_number_of_values(terms.condition) for terms in all_terms)
        context.problems.count(_GRANTS, values * len(principals), key.place)
        distinct = {(one.principal, one.condition): one for one in principals}.values()
        grants += [
            PlacedGrant(_grant(terms, one, context), key.text, terms.place, key.place)
            for terms in all_terms
            for one in distinct
        ]
    return tuple(grants)


def _read_terms(item: Node, context: FileContext) -> _TierTerms | None:
    """Read one tier of an access; None, and a problem, where there is no such tier."""
    tiers = texts_of(item) if isinstance(item, ScalarNode) else texts_of(item, "tier")
    if not tiers or not check_tier(tiers[0], context.tiers, context.problems):
        return None
    tier = tiers[0]
    if not isinstance(item, MappingNode):
        return _TierTerms(tier.text, tier.place)
    until = next((read_until(node, context) for node in texts_of(item, "until")), None)
    when = child(item, "when")
    place = place_at(item, ("when",))
    condition = all_of(context.problems, place, read_when(when, context), ends_at(until))
    return _TierTerms(tier.text, tier.place, condition, until, when)


def _number_of_values(condition: Condition) -> int:
    return sum(len(clause.values) for clause in condition)


def _grant(terms: _TierTerms, resolved: ResolvedPrincipal, context: FileContext) -> Grant:
    own, place = resolved.written, terms.place
    written = all_of(context.problems, place, own, terms.condition)
    actions = context.tiers[terms.tier]
    if terms.condition and (terms.until is None or terms.until > context.now):
        with_terms = resolved._replace(written=written)
        check_applies(with_terms, context, terms.when, place, checked=own)
    if resolved.principal == EVERYONE:
        check_tier_applies(written, actions, place, context.problems)
    condition = canonical_condition(written)
    return Grant(resolved.principal, resolved.name, terms.tier, actions, condition, terms.until)


def _warn_of_same_principal(
    key: ScalarNode,
    principals: Principals,
    first_keys: dict[tuple[Principal, Condition], ScalarNode],
    problems: ProblemList,
) -> None:
    for one in principals:
        first = first_keys.setdefault((one.principal, one.condition), key)
        if first is not key:
            both = f"{quote(key.text)} and {quote(first.text)}"
            message = f"{both} are the same principal; their tiers add up"
            problems.warning(RuleId.SAME_PRINCIPAL_TWICE, message, key.place, other=first.place)
            return


def _read_statements(node: Node | None, context: FileContext) -> tuple[PlacedStatement, ...]:
    read = (_read_statement(one, context) for one in items_of(node) if isinstance(one, MappingNode))
    return tuple(statement for statement in read if statement)


def _read_statement(node: MappingNode, context: FileContext) -> PlacedStatement | None:
    statement = _parse(node, context)
    for element in ("Action", "NotAction"):
        actions = (action for action in texts_of(node, element) if action.text != "*")
        check_actions(actions, context.problems)
    for element in ("Principal", "NotPrincipal"):
        _check_principals(child(node, element), context)
    check_conditions(child(node, "Condition"), context)
    if statement:
        _check_applies(statement, node, context)
    if context.owned_by_sid:
        _check_sid(node, context.problems)
    element = "Principal" if "Principal" in node.pairs else "NotPrincipal"
    place = place_at(node, (element,))
    return PlacedStatement(statement, node.place, place) if statement else None


def _parse(node: MappingNode, context: FileContext) -> Statement | None:
    # The schema reports a Resource; other mistakes are reported, too.
    pairs = {key: pair for key, pair in node.pairs.items() if key not in _RESOURCES}
    if not _ELEMENTS.issuperset(pairs):
        return None  # the schema reports it
    if "Principal" not in pairs and "NotPrincipal" not in pairs:
        message = "the statement has no Principal"
        context.problems.error(RuleId.BAD_STATEMENT, message, node.place, _HINT)
        return None
    if not check_operators(child(node, "Condition"), context.problems):
        return None
    try:
        raw = plain(MappingNode(pairs, node.place))
        return parse_statement(raw, partition=context.partition)
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        context.problems.error(RuleId.BAD_STATEMENT, malformed.reason, place, _HINT)
        return None


def _check_principals(element: Node | None, context: FileContext) -> None:
    """Report principals that ECR does not accept, so that it would refuse the whole policy.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses federated
    and canonical users is evidenced by public reports.
    """
    problems, ids = context.problems, context.accounts.ids
    for name in texts_of(element, "AWS"):
        if ACCOUNT_ID.fullmatch(name.text):
            check_named(name.text, name.place, context)
        elif name.text in ids:
            message = f"names such as {quote(name.text)} are not resolved in a raw statement"
            problems.error(RuleId.BAD_ARN, message, name.place, f'write "{ids[name.text]}"')
        elif (kind := deleted_kind(Principal("AWS", (name.text,)))) in ("role", "user"):
            _report_unique_id(name, f"a {kind}", context)
        elif name.text.startswith("arn:") or not (
            name.text == "*" or report_bad_id(name.text, name.place, problems)
        ):
            read_arn(name, context)
    for name in texts_of(element, "Service"):
        if has_wildcard(name.text):
            message = f"the service {quote(name.text)} contains a wildcard"
            hint = "write each service, such as lambda.amazonaws.com"
            problems.error(RuleId.BAD_STATEMENT, message, name.place, hint)
        else:
            read_service(name, context)
    for pair in pairs_of(element):
        if pair.key.text in _REFUSED_KINDS:
            message = f"ECR does not accept a {pair.key.text} principal"
            hint = "write the role that its users assume"
            problems.error(RuleId.BAD_STATEMENT, message, pair.key.place, hint)


def _report_unique_id(name: ScalarNode, kind: str, context: FileContext) -> None:
    """Warn of a unique id, as live policies have it for what was deleted.

    It does not say of which account, so that it is an error where accounts must be named.
    """
    message = f"{quote(name.text)} is the unique id of {kind}, most likely of a deleted one"
    if context.accounts.must_be_named:
        message += ", and its account is unknown"
        hint = f"remove it, or write the ARN of {kind}"
        context.problems.error(RuleId.UNNAMED_ACCOUNT, message, name.place, hint)
    else:
        hint = f"remove it, or write the ARN of {kind}: ECR may refuse a policy with an id"
        context.problems.warning(RuleId.DEAD_PRINCIPAL, message, name.place, hint)


def _check_applies(statement: Statement, node: MappingNode, context: FileContext) -> None:
    written = read_condition(statement.raw.get("Condition", {}))
    for principal in statement.principals:
        resolved = ResolvedPrincipal(principal, written, None)
        check_applies(resolved, context, child(node, "Condition"), node.place)


def _check_sid(node: MappingNode, problems: ProblemList) -> None:
    sid = child(node, "Sid")
    if not (text_of(sid) or "").startswith(SID_PREFIX):
        message = "this statement stays live after its removal from the file"
        hint = f"under unmanaged.statements.default: keep, start its Sid with {SID_PREFIX}"
        place = sid.place if sid else node.place
        problems.warning(RuleId.STATEMENT_NOT_OWNED, message, place, hint)
