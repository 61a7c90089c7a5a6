"""Reads and checks raw statements, which are sent as they are written."""

from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    place_at,
    plain,
    text_of,
    texts_of,
)
from reconciler.access_file.document.problems import ProblemList, quote
from reconciler.access_file.model import PlacedStatement
from reconciler.access_file.sections.accounts import check_named, report_bad_id
from reconciler.access_file.sections.conditions import check_conditions, check_operators
from reconciler.access_file.sections.context import FileContext, ResolvedPrincipal
from reconciler.access_file.sections.never_applies import check_applies
from reconciler.access_file.sections.principals import read_arn, read_services
from reconciler.access_file.sections.tiers import check_actions
from reconciler.model.rule_ids import RuleId
from reconciler.policy import (
    ACCOUNT_ID,
    SID_PREFIX,
    MalformedError,
    Principal,
    Statement,
    deleted_kind,
    has_wildcard,
    parse_statement,
    read_condition,
)

_HINT = "write a statement as in IAM: Effect, Principal, Action and, optionally, Sid and Condition"
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
)
_RESOURCES = frozenset({"Resource", "NotResource"})
_REFUSED_KINDS = ("Federated", "CanonicalUser")


def read_statements(node: Node | None, context: FileContext) -> tuple[PlacedStatement, ...]:
    """Read a list of raw statements."""
    return tuple(
        _read_statement(item, context) for item in items_of(node) if isinstance(item, MappingNode)
    )


def _read_statement(node: MappingNode, context: FileContext) -> PlacedStatement:
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
    return PlacedStatement(statement, node.place, place_at(node, (element,)))


def _parse(node: MappingNode, context: FileContext) -> Statement | None:
    if any(key not in _ELEMENTS | _RESOURCES for key in node.pairs):
        return None  # the schema reports it
    if "Principal" not in node.pairs and "NotPrincipal" not in node.pairs:
        message = "the statement has no Principal"
        context.problems.error(RuleId.BAD_STATEMENT, message, node.place, hint=_HINT)
        return None
    if not check_operators(child(node, "Condition"), context.problems):
        return None
    # The schema reports a Resource; other mistakes are reported, too.
    pairs = {key: pair for key, pair in node.pairs.items() if key not in _RESOURCES}
    try:
        raw = plain(MappingNode(pairs, node.place))
        return parse_statement(raw, partition=context.partition)
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        context.problems.error(RuleId.BAD_STATEMENT, malformed.reason, place, hint=_HINT)
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
            hint = f'write "{ids[name.text]}"'
            problems.error(RuleId.BAD_ARN, message, name.place, hint=hint)
        elif (kind := deleted_kind(Principal("AWS", (name.text,)))) in ("role", "user"):
            _report_unique_id(name, f"a {kind}", context)
        elif name.text.startswith("arn:") or not (
            name.text == "*" or report_bad_id(name.text, name.place, problems)
        ):
            read_arn(name, context)
    services = texts_of(element, "Service")
    read_services([name for name in services if not has_wildcard(name.text)], context)
    for name in services:
        if has_wildcard(name.text):
            message = f"the service {quote(name.text)} contains a wildcard"
            hint = "write each service, such as lambda.amazonaws.com"
            problems.error(RuleId.BAD_STATEMENT, message, name.place, hint=hint)
    for pair in pairs_of(element):
        if pair.key.text in _REFUSED_KINDS:
            message = f"ECR does not accept a {pair.key.text} principal"
            hint = "write the role that its users assume"
            problems.error(RuleId.BAD_STATEMENT, message, pair.key.place, hint=hint)


def _report_unique_id(name: ScalarNode, kind: str, context: FileContext) -> None:
    """Warn of a unique id, as live policies have it for what was deleted.

    It does not say of which account, so that it is an error where accounts must be named.
    """
    message = f"{quote(name.text)} is the unique id of {kind}, most likely of a deleted one"
    if context.accounts.must_be_named:
        message += ", and its account is unknown"
        hint = f"remove it, or write the ARN of {kind}"
        context.problems.error(RuleId.UNNAMED_ACCOUNT, message, name.place, hint=hint)
    else:
        hint = f"remove it, or write the ARN of {kind}: ECR may refuse a policy with an id"
        context.problems.warning(RuleId.DEAD_PRINCIPAL, message, name.place, hint=hint)


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
        problems.warning(RuleId.STATEMENT_NOT_OWNED, message, place, hint=hint)
