"""Raw statements: the escape hatch, carried as they are, and checked all the same."""

from reconciler.access.accounts import check_values
from reconciler.access.actions import check_actions
from reconciler.access.arns import read_arn
from reconciler.access.model import EntryStatement
from reconciler.access.nodes import (
    MappingNode,
    Node,
    child,
    items_of,
    place_at,
    plain,
    text_of,
    texts_of,
)
from reconciler.access.problems import Findings
from reconciler.access.who import Surroundings
from reconciler.policy.compiler import SID_PREFIX
from reconciler.policy.document import Statement, parse_statement
from reconciler.policy.malformed import MalformedError
from reconciler.policy.public import is_public

_HINT = "IAM's form: Effect, Principal, Action, and where needed Sid and Condition"
PUBLIC_HINT = "bound it by an organization, an account or a network, or set guards.public: allow"


def read_statements(
    node: Node | None, around: Surroundings, *, may_be_public: bool, sids_matter: bool
) -> tuple[EntryStatement, ...]:
    """Read a list of raw statements; `sids_matter` where ours are known by their Sid."""
    found: list[EntryStatement] = []
    for item in items_of(node):
        if isinstance(item, MappingNode):
            statement = _parse(item, around)
            _check_parts(item, around)
            if sids_matter:
                _check_sid(item, around.findings)
            if statement and not may_be_public:
                _check_public(statement, item, around.findings)
            found.append(EntryStatement(statement.raw if statement else {}, item.place))
    return tuple(found)


def _parse(node: MappingNode, around: Surroundings) -> Statement | None:
    if "Principal" not in node.pairs and "NotPrincipal" not in node.pairs:
        around.findings.error(
            "bad-statement", "a statement has a Principal", node.place, hint=_HINT
        )
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
        around.findings.error("bad-statement", malformed.reason, place, hint=_HINT)
        return None


def _check_parts(node: MappingNode, around: Surroundings) -> None:
    for element in ("Action", "NotAction"):
        named = (action for action in texts_of(child(node, element)) if action.text != "*")
        check_actions(named, around.findings)
    for element in ("Principal", "NotPrincipal", "Condition"):
        part = child(node, element)
        check_values(part, around.accounts, around.findings)
    for element in ("Principal", "NotPrincipal"):
        for name in texts_of(child(child(node, element), "AWS")):
            if name.text.startswith("arn:"):
                read_arn(name, around.partition, around.accounts, around.findings)


def _check_sid(node: MappingNode, findings: Findings) -> None:
    sid = child(node, "Sid")
    if not (text_of(sid) or "").startswith(SID_PREFIX):
        message = "once removed from the file, this statement would stay live"
        hint = f"under unmanaged.statements.default: keep, start its Sid with {SID_PREFIX}"
        place = sid.place if sid else node.place
        findings.warning("statement-not-owned", message, place, hint=hint)


def _check_public(statement: Statement, node: MappingNode, findings: Findings) -> None:
    for principal in statement.principals:
        if is_public(principal, statement.effect, statement.condition):
            place = place_at(
                node, ("Principal",) if "Principal" in node.pairs else ("NotPrincipal",)
            )
            message = "this statement lets everyone in, in any account"
            findings.error("public", message, place, hint=PUBLIC_HINT)
            return
