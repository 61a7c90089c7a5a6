"""Raw statements: the escape hatch, carried as they are, and checked all the same."""

from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    child,
    items_of,
    pairs_of,
    place_at,
    plain,
    text_of,
    texts_of,
)
from reconciler.access_file.document.problems import ProblemList, shown
from reconciler.access_file.model import EntryStatement, Member
from reconciler.access_file.sections.account_fields import check_conditions
from reconciler.access_file.sections.accounts import Surroundings, check_named, report_bad_id
from reconciler.access_file.sections.conditions import check_operators
from reconciler.access_file.sections.never_applies import check_applies
from reconciler.access_file.sections.principals import check_service, read_arn
from reconciler.access_file.sections.tiers import check_actions
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import read_condition
from reconciler.policy.language.document import SID_PREFIX, Statement, parse_statement
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.principals import ACCOUNT_ID

_HINT = "IAM's form: Effect, Principal, Action, and where needed Sid and Condition"
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
    | {"Resource", "NotResource"}
)
_REFUSED_KINDS = ("Federated", "CanonicalUser")


def read_statements(
    node: Node | None, around: Surroundings, *, sids_matter: bool
) -> tuple[EntryStatement, ...]:
    """Read a list of raw statements; `sids_matter` where ours are known by their Sid."""
    found: list[EntryStatement] = []
    for item in items_of(node):
        if isinstance(item, MappingNode):
            statement = _parse(item, around)
            _check_parts(item, around)
            if statement:
                _check_applies(statement, item, around)
            if sids_matter:
                _check_sid(item, around.problems)
            element = "Principal" if "Principal" in item.pairs else "NotPrincipal"
            found.append(EntryStatement(statement, item.place, place_at(item, (element,))))
    return tuple(found)


def _parse(node: MappingNode, around: Surroundings) -> Statement | None:
    if any(key not in _ELEMENTS for key in node.pairs):
        return None  # the schema reports it
    if "Principal" not in node.pairs and "NotPrincipal" not in node.pairs:
        around.problems.error(
            RuleId.BAD_STATEMENT, "a statement has a Principal", node.place, hint=_HINT
        )
        return None
    if not check_operators(child(node, "Condition"), around.problems):
        return None
    # A Resource is the schema's to refuse; what else is wrong is said, too.
    pairs = {
        key: pair for key, pair in node.pairs.items() if key not in ("Resource", "NotResource")
    }
    try:
        raw = plain(MappingNode(pairs, node.place))
        return parse_statement(raw, partition=around.partition)
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        around.problems.error(RuleId.BAD_STATEMENT, malformed.reason, place, hint=_HINT)
        return None


def _check_parts(node: MappingNode, around: Surroundings) -> None:
    for element in ("Action", "NotAction"):
        named = (action for action in texts_of(child(node, element)) if action.text != "*")
        check_actions(named, around.problems)
    for element in ("Principal", "NotPrincipal"):
        _check_principals(child(node, element), around)
    check_conditions(child(node, "Condition"), around)


def _check_principals(element: Node | None, around: Surroundings) -> None:
    """Report principals that ECR does not take, so that it would refuse the whole policy.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses federated
    and canonical users is evidenced by public reports.
    """
    for name in texts_of(child(element, "AWS")):
        if ACCOUNT_ID.fullmatch(name.text):
            check_named(name.text, name.place, around.accounts, around.problems)
        elif name.text in around.accounts.ids:
            message = f"{shown(name.text)} is a name, and a raw statement takes none"
            hint = f'write "{around.accounts.ids[name.text]}"'
            around.problems.error(RuleId.BAD_ARN, message, name.place, hint=hint)
        elif name.text.startswith("arn:") or not (
            name.text == "*" or report_bad_id(name.text, name.place, around.problems)
        ):
            read_arn(name, around)
    for name in texts_of(child(element, "Service")):
        if has_wildcard(name.text):
            message = f"a wildcard in the service {shown(name.text)}"
            hint = "name each service, such as lambda.amazonaws.com"
            around.problems.error(RuleId.BAD_STATEMENT, message, name.place, hint=hint)
        else:
            check_service(name, around)
    for pair in pairs_of(element):
        if pair.key.text in _REFUSED_KINDS:
            message = f"ECR takes no {pair.key.text} principal"
            hint = "name the role that its users assume"
            around.problems.error(RuleId.BAD_STATEMENT, message, pair.key.place, hint=hint)


def _check_applies(statement: Statement, node: MappingNode, around: Surroundings) -> None:
    written = read_condition(statement.raw.get("Condition", {}))
    for principal in statement.principals:
        who = Member(principal, written, None)
        check_applies(who, around, child(node, "Condition"), node.place)


def _check_sid(node: MappingNode, problems: ProblemList) -> None:
    sid = child(node, "Sid")
    if not (text_of(sid) or "").startswith(SID_PREFIX):
        message = "once removed from the file, this statement would stay live"
        hint = f"under unmanaged.statements.default: keep, start its Sid with {SID_PREFIX}"
        place = sid.place if sid else node.place
        problems.warning(RuleId.STATEMENT_NOT_OWNED, message, place, hint=hint)
