"""How a repository is made that does not exist: `create` and `settings` of an entry."""

import re
import unicodedata
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.access_file.document.nodes import (
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
from reconciler.access_file.document.problems import ProblemList, listed, shown
from reconciler.access_file.sections.account_fields import check_partition
from reconciler.access_file.sections.accounts import Surroundings, check_named
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.glob import has_wildcard

if TYPE_CHECKING:
    from reconciler.model.registry import RepositorySettings

_MULTI_REGION = "mrk-"
_ID = rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{_MULTI_REGION}[0-9a-f]{{32}}"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN = re.compile(
    rf"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{{12}}):(?:key/(?:{_ID})|{_ALIAS})"
)
_KEY_ID = re.compile(_ID)
_ALIAS_NAME = re.compile(_ALIAS)
_GRAMMAR = "arn:{}:kms:REGION:ACCOUNT:key/ID, or …:alias/NAME; a key's id; or alias/NAME"
_REGION_HINT = "ECR takes a key of the repository's own region"
_MANY_REGIONS_HINT = "with several regions, name an alias that each of them has: alias/NAME"


def check_kms_key(key: ScalarNode, regions: tuple[str, ...], around: Surroundings) -> None:
    """Report what names no KMS key, or one that is not in each of the registry's regions.

    Sources: AWS KMS Developer Guide, "Key identifiers (KeyId)"; KMS API Reference, "CreateAlias",
    for the characters; ECR API Reference, "EncryptionConfiguration", for the region. That ids are
    in lower case is assumed.
    """
    text, problems = key.text, around.problems
    if arn := _ARN.fullmatch(text):
        check_named(text, key.place, around.accounts, problems)
        if check_partition(text, key.place, around.partition, problems, hint=_REGION_HINT):
            _check_region(key, arn["region"], regions, problems)
    elif _KEY_ID.fullmatch(text):
        if len(regions) > 1 and not text.startswith(_MULTI_REGION):
            message = f"the key {shown(text)} is in one region, the registry in {listed(regions)}"
            hint = f"{_MANY_REGIONS_HINT}, or a multi-Region key's id: {_MULTI_REGION}…"
            problems.error(RuleId.WRONG_REGION, message, key.place, hint=hint)
    elif not _ALIAS_NAME.fullmatch(text):
        message = f"{shown(text)} does not name a KMS key"
        problems.error(
            RuleId.BAD_KMS_KEY, message, key.place, hint=_GRAMMAR.format(around.partition)
        )


def _check_region(
    key: ScalarNode, region: str, regions: tuple[str, ...], problems: ProblemList
) -> None:
    if any(other != region for other in regions):
        message = f"{shown(key.text)} is in {shown(region)}, the registry in {listed(regions)}"
        hint = _MANY_REGIONS_HINT if len(regions) > 1 else _REGION_HINT
        problems.error(RuleId.WRONG_REGION, message, key.place, hint=hint)


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
        around.problems.error(RuleId.CREATE_ON_PATTERN, message, create.place, hint=hint)
    elif create is not None and settings is not None and asked is False:
        message = "'settings' does not go with create: false"
        place = place_at(entry.value, ("settings",))
        hint = "they are for a repository that is made: write create: true, or remove them"
        around.problems.error(RuleId.CLASHING_KEYS, message, place, hint=hint, other=create.place)
    for key in texts_of(child(child(settings, "encryption"), "kms_key")):
        check_kms_key(key, regions, around)
    _check_tags(child(settings, "tags"), around.problems)
    return _read_settings(settings) if asked is True else None


def _read_settings(node: Node | None) -> "RepositorySettings":
    # Imported late: most files make no repository, and what is live is not their business.
    made: type[RepositorySettings] = import_module("reconciler.model.registry").RepositorySettings
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


def _check_tags(node: Node | None, problems: ProblemList) -> None:
    for pair in pairs_of(node):
        _check_tag(pair.key, "key", _LONGEST_KEY, problems)
        for value in texts_of(pair.value):
            _check_tag(value, "value", _LONGEST_VALUE, problems)


def _check_tag(part: ScalarNode, kind: str, longest: int, problems: ProblemList) -> None:
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
        problems.error(
            RuleId.BAD_TAG, f"{shown(text)} can't be a tag's {kind}", part.place, hint=hint
        )
