"""Reads `create_on`: when ECR itself makes a repository, and what its creation template says.

Sources: Amazon ECR API Reference, "CreateRepositoryCreationTemplate" (prefix, appliedFor, and the
settings that there are); Amazon ECR User Guide, "Templates to control repositories created during a
pull through cache, create on push, or replication action" (the role).
"""

from reconciler.access_file.document.problems import quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    SequenceNode,
    child,
    pairs_of,
    place_at,
    text_of,
    texts_of,
)
from reconciler.access_file.sections.accounts import FileContext
from reconciler.access_file.sections.registry import check_role, name_hint
from reconciler.closest import closest
from reconciler.model.registry import REPOSITORY_NAME
from reconciler.model.rules import RuleId
from reconciler.model.templates import APPLIED_FOR, CreateOn

_HINT = "write it on PREFIX/*, with a PREFIX like a repository's name, or on *"
_SCAN_HINT = "remove it: whether images are scanned is a setting of the whole registry"
_ROLE = "template_role"


def read_create_on(entry: Pair, context: FileContext) -> tuple[CreateOn, ...] | None:
    """Read when a repository is made by an entry's template; None without `create_on`.

    Reports a key that is no template's, and settings that no template can have.
    """
    node = child(entry.value, "create_on")
    if node is None:
        return None
    place, problems = place_at(entry.value, ("create_on",)), context.problems
    prefix = entry.key.text.removesuffix("/*")
    is_prefix = prefix != entry.key.text and REPOSITORY_NAME.fullmatch(prefix)
    if entry.key.text != "*" and not is_prefix and name_hint(entry.key.text) is None:
        message = f"{quote(entry.key.text)} can't have a creation template"
        problems.error(RuleId.PATTERN_REQUIRED, message, place, _HINT)
    written = {one.text for one in texts_of(node)}
    found = tuple(event for event in APPLIED_FOR if event in written)
    idle = next((key for key in ("settings", _ROLE) if child(entry.value, key) is not None), None)
    if idle and node == SequenceNode((), node.place):
        message = f"{quote(idle)} has no effect with create_on: []"
        where = place_at(entry.value, (idle,))
        hint = "it is for a new template: write create_on: [push], or remove it"
        problems.error(RuleId.CLASHING_KEYS, message, where, hint, other=place)
    if found:
        _check_settings(entry.value, context)
    return found


def _check_settings(entry: Node, context: FileContext) -> None:
    settings, problems = child(entry, "settings"), context.problems
    if child(settings, "scan_on_push") is not None:
        message = "a creation template has no 'scan_on_push'"
        where = place_at(entry, ("settings", "scan_on_push"))
        other = place_at(entry, ("create_on",))
        problems.error(RuleId.CLASHING_KEYS, message, where, _SCAN_HINT, other=other)
    for role in texts_of(entry, _ROLE):
        check_role(role, context)
    keys = entry.pairs if isinstance(entry, MappingNode) else {}
    if any(closest(key, (_ROLE,)) for key in keys):
        return
    encryption = child(settings, "encryption")
    needing = {
        "encryption": text_of(encryption) == "kms" or isinstance(encryption, MappingNode),
        "tags": bool(pairs_of(settings, "tags")),
    }
    for key in (key for key, needs in needing.items() if needs):
        message = f"{quote(key)} of a creation template requires {quote(_ROLE)}"
        hint = (
            f"add {_ROLE}: arn:{context.partition}:iam::{context.registry.account}:role/NAME,"
            " a role that ECR may assume to create repositories"
        )
        problems.error(RuleId.MISSING_KEY, message, place_at(entry, ("settings", key)), hint)
        return
