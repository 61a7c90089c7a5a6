"""How a repository is made that does not exist: `create` and `settings` of an entry."""

import unicodedata
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.access.accounts import Surroundings
from reconciler.access.kms import check_kms_key
from reconciler.access.nodes import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    pairs_of,
    place_at,
    text_of,
    texts_of,
)
from reconciler.access.problems import Findings, shown
from reconciler.policy.glob import has_wildcard

if TYPE_CHECKING:
    from reconciler.registry.model import RepositorySettings

_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_RESERVED = "aws:"
_SIGNS = frozenset("+-=._:/@")
_CHARACTERS = f"letters, digits, spaces and {' '.join(sorted(_SIGNS))}"


def read_creation(
    entry: Pair, regions: tuple[str, ...], around: Surroundings
) -> "RepositorySettings | None":
    """Read how an entry's repository is to be made; None where it is not to be made."""
    create, settings = child(entry.value, "create"), child(entry.value, "settings")
    asked = create.value if isinstance(create, ScalarNode) else None
    if create is not None and has_wildcard(entry.key.text):
        message = "only the entry of one repository can ask for it to be made"
        hint = "write it on the entries of the repositories that may have to be made"
        around.findings.error("create-on-pattern", message, create.place, hint=hint)
    elif create is not None and settings is not None and asked is False:
        message = "'settings' does not go with create: false"
        place = place_at(entry.value, ("settings",))
        hint = "they are for a repository that is made: write create: true, or remove them"
        around.findings.error("clashing-keys", message, place, hint=hint, other=create.place)
    for key in texts_of(child(child(settings, "encryption"), "kms_key")):
        check_kms_key(key, regions, around)
    _check_tags(child(settings, "tags"), around.findings)
    return _read_settings(settings) if asked is True else None


def _read_settings(node: Node | None) -> "RepositorySettings":
    # Imported late: most files make no repository, and what is live is not their business.
    made: type[RepositorySettings] = import_module("reconciler.registry.model").RepositorySettings
    encryption = child(node, "encryption")
    is_kms = text_of(encryption) == "kms" or isinstance(encryption, MappingNode)
    scan = child(node, "scan_on_push")
    return made(
        tag_mutability=(
            "IMMUTABLE" if text_of(child(node, "tag_mutability")) == "immutable" else "MUTABLE"
        ),
        scan_on_push=isinstance(scan, ScalarNode) and scan.value is True,
        encryption="KMS" if is_kms else "AES256",
        kms_key=text_of(child(encryption, "kms_key")),
        tags=tuple(
            sorted(
                (tag.key.text, text_of(tag.value) or "") for tag in pairs_of(child(node, "tags"))
            )
        ),
    )


def _check_tags(node: Node | None, findings: Findings) -> None:
    for pair in pairs_of(node):
        _check_tag(pair.key, "key", _LONGEST_KEY, findings)
        for value in texts_of(pair.value):
            _check_tag(value, "value", _LONGEST_VALUE, findings)


def _check_tag(part: ScalarNode, kind: str, longest: int, findings: Findings) -> None:
    """Report a tag's key or value that the service would not take.

    Source: Amazon ECR User Guide, "Tagging a private repository in Amazon ECR". That letters,
    digits and spaces are those of Unicode's categories L, N and Z is assumed.
    """
    text, shortest = part.text, 1 if kind == "key" else 0
    hint = None
    if not shortest <= len(text) <= longest:
        hint = f"a tag's {kind} has {shortest} to {longest} characters"
    elif text.lower().startswith(_RESERVED):
        hint = f"what starts with {_RESERVED} is AWS's own"
    elif not all(char in _SIGNS or unicodedata.category(char)[0] in "LNZ" for char in text):
        hint = f"a tag's {kind} is of {_CHARACTERS}"
    if hint:
        findings.error("bad-tag", f"{shown(text)} can't be a tag's {kind}", part.place, hint=hint)
