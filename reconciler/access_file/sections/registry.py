"""What belongs to a registry: a role, and repositories; their names, and how one is created."""

import re
import unicodedata
from collections.abc import Iterable

from reconciler.access_file.document.problems import ProblemList, quote, quote_all
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    pairs_of,
    place_at,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.model import Entry
from reconciler.access_file.sections.accounts import FileContext, check_named, check_partition
from reconciler.closest import closest
from reconciler.model.registry import (
    MAX_NAME_LENGTH,
    MIN_NAME_LENGTH,
    REPOSITORY_NAME,
    RepositorySettings,
)
from reconciler.model.rules import RuleId
from reconciler.policy import ACCOUNT_ID, has_wildcard, parse_arn

_PATTERN = re.compile(r"[a-z0-9._/*?-]+")
_HOST = re.compile(r"(?:https?://|docker://)?[0-9]{12}\.dkr[.-]ecr[.-][^/]*/?|https?://[^/]*/?")
_ECR_ARN = r"(?i)arn:[^:]*:(?P<service>[^:]*):[^:]*:[^:]*:(?:repository/)?"
_MAX_WILDCARDS = 16
_GRAMMAR = "write lower-case letters and digits, with single . _ / or any number of - between them"
_NO_NAME = "no repository's name matches it: a name has letters or digits around each . _ - /"
_MULTI_REGION = "mrk-"
_KEY_ID = rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{_MULTI_REGION}[0-9a-f]{{32}}"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_KEY_ARN = (
    r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    rf"(?:key/(?:{_KEY_ID})|{_ALIAS})"
)
_KEY_FORMS = "write arn:{}:kms:REGION:ACCOUNT:key/ID, or …:alias/NAME; a key's id; or alias/NAME"
_ROLE_PARTITION_HINT = (
    "write a role of the partition of the registry: none can be assumed in another"
)
_REGION_HINT = "write a key of the repository's own region"
_REGIONS_HINT = "with several regions, write an alias that each of them has: alias/NAME"
_MAX_TAG_KEY, _MAX_TAG_VALUE = 128, 256
_RESERVED = "aws:"
_TAG_SIGNS = frozenset("+-=._:/@")
_TAG_CHARACTERS = f"letters, digits, spaces and {' '.join(sorted(_TAG_SIGNS))}"


def check_role(role: ScalarNode, context: FileContext) -> None:
    """Report a text that is not the ARN of a role in the registry's partition and account."""
    arn = parse_arn(role.text)
    if arn is None or arn.resource_type != "role":
        message = f"{quote(role.text)} is not the ARN of a role"
        hint = f"write arn:{context.partition}:iam::ACCOUNT:role/NAME"
        context.problems.error(RuleId.BAD_ARN, message, role.place, hint)
    own = context.registry.account
    is_own = not ACCOUNT_ID.fullmatch(own) or arn is None or arn.account == own
    if check_partition(role, context, hint=_ROLE_PARTITION_HINT) and not is_own:
        message = f"{quote(role.text)} is a role of another account than the registry's"
        hint = f"write arn:{context.partition}:iam::{own}:role/NAME"
        context.problems.error(RuleId.BAD_ARN, message, role.place, hint)


def check_probe_repository(
    node: Node | None, entries: Iterable[Entry], problems: ProblemList
) -> None:
    """Report a `probe_repository` that is not a repository's name, or that has an entry."""
    for name in texts_of(node):
        if has_wildcard(name.text):
            message = f"{quote(name.text)} is a pattern, not the name of a repository"
            hint = "write one scratch repository without images"
            problems.error(RuleId.BAD_REPOSITORY_NAME, message, name.place, hint)
            continue
        check_repository(name, problems)
        for place in (entry.place for entry in entries if entry.repository == name.text):
            message = f"the probe repository {quote(name.text)} has an entry"
            hint = "write a scratch repository without images and without an entry"
            problems.error(RuleId.PROBE_REPOSITORY_IN_USE, message, name.place, hint, other=place)


def check_repository(key: ScalarNode, problems: ProblemList) -> bool:
    """Whether a text can be a repository's name, or a pattern for some; reports it if not."""
    hint = name_hint(key.text)
    if hint:
        message = f"{quote(key.text)} is not a valid repository name"
        problems.error(RuleId.BAD_REPOSITORY_NAME, message, key.place, hint)
    return hint is None


def name_hint(name: str) -> str | None:
    """Return what to write instead of an invalid repository name; None for a valid one."""
    is_pattern = has_wildcard(name)
    if len(name) > MAX_NAME_LENGTH or (len(name) < MIN_NAME_LENGTH and "*" not in name):
        return f"a name has {MIN_NAME_LENGTH} to {MAX_NAME_LENGTH} characters"
    if name.count("*") + name.count("?") > _MAX_WILDCARDS:
        return f"a pattern has at most {_MAX_WILDCARDS} wildcards"
    if not _HOST.match(name) and (_PATTERN if is_pattern else REPOSITORY_NAME).fullmatch(name):
        # Letters for its wildcards make a name of every pattern that any name matches.
        is_name = not is_pattern or REPOSITORY_NAME.fullmatch(_with_letters(name))
        return None if is_name else _NO_NAME
    only, reason = _without_extras(name)
    if only != name and name_hint(only) is None:
        return f"{reason}write only {only}"
    return reason.removesuffix(": ") or _GRAMMAR


def _with_letters(pattern: str) -> str:
    return pattern.replace("*", "a").replace("?", "a")


def _without_extras(name: str) -> tuple[str, str]:
    """Return a name without an ARN, host, tag or slashes around it, and what was removed."""
    arn, host = re.match(_ECR_ARN, name), _HOST.match(name)
    if arn and arn["service"].lower() != "ecr":
        return name, f"this is an ARN of the service {quote(arn['service'])}; write a repository"
    prefix = arn or host
    only = name[prefix.end() :] if prefix else name
    tag = re.search(r"[:@]", only)
    only = only[: tag.start()] if tag else only
    kept = only.strip().strip("/").lower()
    if arn:
        return kept, ""
    if host:
        return kept, "remove the registry's host: "
    if tag:
        return kept, "remove the tag or digest, as access is to whole repositories: "
    if only != only.lower():
        return kept, "names are in lower case: "
    return kept, ""


def is_to_create(entry: Pair, context: FileContext) -> bool:
    """Whether an entry's repository is to be created; reports what excludes it."""
    create, settings = child(entry.value, "create"), child(entry.value, "settings")
    asked = value_of(create)
    if create is not None and has_wildcard(entry.key.text):
        message = "'create' is only for the entry of one repository, not for a pattern"
        hint = "write it on the entries of the repositories to create"
        context.problems.error(RuleId.CREATE_ON_PATTERN, message, create.place, hint)
    elif create is not None and settings is not None and asked is False:
        message = "'settings' has no effect with create: false"
        place = place_at(entry.value, ("settings",))
        hint = "settings are for a repository to create: write create: true, or remove them"
        context.problems.error(RuleId.CLASHING_KEYS, message, place, hint, other=create.place)
    elif create is None and settings is not None:
        _check_use_of_settings(entry, context.problems)
    return asked is True


def _check_use_of_settings(entry: Pair, problems: ProblemList) -> None:
    """Report settings of nothing, unless the key that they are for is misspelt.

    Where a `template_role` lacks the same key, the schema reports that.
    """
    pairs = entry.value.pairs if isinstance(entry.value, MappingNode) else {}
    if "template_role" in pairs or any(closest(key, ("create", "create_on")) for key in pairs):
        return
    needed = "create_on" if has_wildcard(entry.key.text) else "create"
    message = f"'settings' requires '{needed}'"
    hint = "for example create_on: [push]" if needed == "create_on" else "for example create: true"
    problems.error(RuleId.MISSING_KEY, message, place_at(entry.value, ("settings",)), hint)


def read_settings(node: Node | None, context: FileContext) -> RepositorySettings:
    """Read the `settings` of an entry; its defaults are the service's."""
    if node is None:
        return RepositorySettings()
    for key in texts_of(node, "encryption", "kms_key"):
        _check_kms_key(key, context)
    _check_tags(child(node, "tags"), context.problems)
    encryption = child(node, "encryption")
    is_kms = text_of(encryption) == "kms" or isinstance(encryption, MappingNode)
    is_immutable = text_of(node, "tag_mutability") == "immutable"
    tags = ((tag.key.text, text_of(tag.value) or "") for tag in pairs_of(node, "tags"))
    return RepositorySettings(
        tag_mutability="IMMUTABLE" if is_immutable else "MUTABLE",
        scan_on_push=value_of(node, "scan_on_push") is True,
        encryption="KMS" if is_kms else "AES256",
        kms_key=text_of(encryption, "kms_key"),
        tags=tuple(sorted(tags)),
    )


def _check_kms_key(key: ScalarNode, context: FileContext) -> None:
    """Report a text that is not a KMS key, or a key that is not in each region of the registry.

    Sources: AWS KMS Developer Guide, "Key identifiers (KeyId)"; KMS API Reference, "CreateAlias",
    for the characters; ECR API Reference, "EncryptionConfiguration", for the region. That ids are
    in lower case is assumed.
    """
    text, problems, regions = key.text, context.problems, context.registry.regions
    registry = f"but the registry is in {quote_all(regions)}"
    if arn := re.fullmatch(_KEY_ARN, text):
        check_named(text, key.place, context)
        elsewhere = any(region != arn["region"] for region in regions)
        if check_partition(key, context, hint=_REGION_HINT) and elsewhere:
            message = f"{quote(text)} is in {quote(arn['region'])}, {registry}"
            hint = _REGIONS_HINT if len(regions) > 1 else _REGION_HINT
            problems.error(RuleId.WRONG_REGION, message, key.place, hint)
    elif re.fullmatch(_KEY_ID, text):
        if len(regions) > 1 and not text.startswith(_MULTI_REGION):
            message = f"the key {quote(text)} is in one region, {registry}"
            hint = f"{_REGIONS_HINT}, or a multi-Region key's id: {_MULTI_REGION}…"
            problems.error(RuleId.WRONG_REGION, message, key.place, hint)
    elif not re.fullmatch(_ALIAS, text):
        message = f"{quote(text)} is not a KMS key"
        problems.error(RuleId.BAD_KMS_KEY, message, key.place, _KEY_FORMS.format(context.partition))


def _check_tags(node: Node | None, problems: ProblemList) -> None:
    for pair in pairs_of(node):
        _check_tag(pair.key, "key", 1, _MAX_TAG_KEY, problems)
        for value in texts_of(pair.value):
            _check_tag(value, "value", 0, _MAX_TAG_VALUE, problems)


def _check_tag(
    part: ScalarNode, kind: str, shortest: int, longest: int, problems: ProblemList
) -> None:
    """Report a tag's key or value that ECR would not accept.

    Source: Amazon ECR User Guide, "Tagging a private repository in Amazon ECR". That letters,
    digits and spaces are those of Unicode's categories L, N and Z is assumed.
    """
    text, hint = part.text, None
    if not shortest <= len(text) <= longest:
        hint = f"a tag's {kind} has {shortest} to {longest} characters"
    elif text.lower().startswith(_RESERVED):
        hint = f"the prefix {_RESERVED} is reserved for AWS"
    elif not all(char in _TAG_SIGNS or unicodedata.category(char)[0] in "LNZ" for char in text):
        hint = f"a tag's {kind} may contain {_TAG_CHARACTERS}"
    if hint:
        message = f"{quote(text)} is not a valid {kind} of a tag"
        problems.error(RuleId.BAD_TAG, message, part.place, hint)
