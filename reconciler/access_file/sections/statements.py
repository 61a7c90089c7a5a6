"""Reads raw statements: those of an entry, and those of the registry's own policy."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.document.tree import (
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
from reconciler.access_file.model import PlacedRegistryStatement, PlacedStatement
from reconciler.access_file.sections.accounts import (
    FileContext,
    ResolvedPrincipal,
    check_named,
    report_bad_id,
)
from reconciler.access_file.sections.conditions import check_conditions, check_operators
from reconciler.access_file.sections.never_applies import check_applies
from reconciler.access_file.sections.principals import read_arn, read_service
from reconciler.access_file.sections.tiers import (
    REGISTRY_POLICY,
    REPOSITORY_POLICY,
    PolicyKind,
    check_actions,
)
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACCOUNT_ID,
    SID_PREFIX,
    MalformedError,
    Ownership,
    Principal,
    Statement,
    deleted_kind,
    has_wildcard,
    parse_registry_statement,
    parse_statement,
    read_condition,
)

Parsed = TypeVar("Parsed")

_HINT = (
    "write a statement as in IAM: Effect, Principal, Action{} and, optionally, Sid and Condition"
)
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
)
_RESOURCES = frozenset({"Resource", "NotResource"})
_REFUSED_KINDS = ("Federated", "CanonicalUser")


def read_statements(node: Node | None, context: FileContext) -> tuple[PlacedStatement, ...]:
    """Read the raw statements of an entry, without invalid ones, which are reported."""
    read = partial(parse_statement, partition=context.partition)
    found: list[PlacedStatement] = []
    for one in _mappings(node):
        # The schema reports a Resource; other mistakes are reported, too.
        rest = {key: pair for key, pair in one.pairs.items() if key not in _RESOURCES}
        statement = None
        if _ELEMENTS.issuperset(rest):  # else the schema reports it
            statement = _parse(MappingNode(rest, one.place), read, _HINT.format(""), context)
        _check(one, statement, REPOSITORY_POLICY, context)
        if context.owned_by_sid:
            _check_sid(one, "unmanaged.statements.default", context.problems)
        if statement:
            found.append(PlacedStatement(statement, one.place, _place_of_principals(one)))
    return tuple(found)


def read_registry_statements(
    node: Node | None, ownership: Ownership, context: FileContext
) -> tuple[PlacedRegistryStatement, ...]:
    """Read `registry_statements`, without invalid ones, which are reported."""
    read = partial(parse_registry_statement, partition=context.partition)
    found: list[PlacedRegistryStatement] = []
    for one in _mappings(node):
        parsed = None
        if (_ELEMENTS | _RESOURCES).issuperset(one.pairs):
            parsed = _parse(one, read, _HINT.format(", Resource"), context)
        _check(one, parsed.statement if parsed else None, REGISTRY_POLICY, context)
        if ownership.by_sid:
            _check_sid(one, "unmanaged.registry_statements", context.problems)
        if parsed:
            found.append(PlacedRegistryStatement(parsed, one.place, _place_of_principals(one)))
    return tuple(found)


def _mappings(node: Node | None) -> Iterator[MappingNode]:
    return (one for one in items_of(node) if isinstance(one, MappingNode))


def _place_of_principals(node: MappingNode) -> Place:
    return place_at(node, ("Principal" if "Principal" in node.pairs else "NotPrincipal",))


def _parse(
    node: MappingNode, read: Callable[[object], Parsed], hint: str, context: FileContext
) -> Parsed | None:
    if "Principal" not in node.pairs and "NotPrincipal" not in node.pairs:
        message = "the statement has no Principal"
        context.problems.error(RuleId.BAD_STATEMENT, message, node.place, hint)
        return None
    if not check_operators(child(node, "Condition"), context.problems):
        return None
    try:
        return read(plain(node))
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        context.problems.error(RuleId.BAD_STATEMENT, malformed.reason, place, hint)
        return None


def _check(
    node: MappingNode, statement: Statement | None, kind: PolicyKind, context: FileContext
) -> None:
    for element in ("Action", "NotAction"):
        actions = (action for action in texts_of(node, element) if action.text != "*")
        check_actions(actions, context.problems, kind)
    for element in ("Principal", "NotPrincipal"):
        _check_principals(child(node, element), context)
    check_conditions(child(node, "Condition"), context)
    if statement:
        _check_applies(statement, node, context)


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


def _check_sid(node: MappingNode, key: str, problems: ProblemList) -> None:
    sid = child(node, "Sid")
    if not (text_of(sid) or "").startswith(SID_PREFIX):
        message = "this statement stays live after its removal from the file"
        hint = f"under {key}: keep, start its Sid with {SID_PREFIX}"
        place = sid.place if sid else node.place
        problems.warning(RuleId.STATEMENT_NOT_OWNED, message, place, hint)
