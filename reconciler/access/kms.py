"""The KMS key that a repository is to be encrypted with: its grammar, and where it lives."""

import re

from reconciler.access.account_fields import check_partition
from reconciler.access.accounts import Surroundings, check_named
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import Findings, listed, shown

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
    text, findings = key.text, around.findings
    if arn := _ARN.fullmatch(text):
        check_named(text, key.place, around.accounts, findings)
        if check_partition(text, key.place, around.partition, findings, hint=_REGION_HINT):
            _check_region(key, arn["region"], regions, findings)
    elif _KEY_ID.fullmatch(text):
        if len(regions) > 1 and not text.startswith(_MULTI_REGION):
            message = f"the key {shown(text)} is in one region, the registry in {listed(regions)}"
            hint = f"{_MANY_REGIONS_HINT}, or a multi-Region key's id: {_MULTI_REGION}…"
            findings.error("wrong-region", message, key.place, hint=hint)
    elif not _ALIAS_NAME.fullmatch(text):
        message = f"{shown(text)} does not name a KMS key"
        findings.error("bad-kms-key", message, key.place, hint=_GRAMMAR.format(around.partition))


def _check_region(
    key: ScalarNode, region: str, regions: tuple[str, ...], findings: Findings
) -> None:
    if any(other != region for other in regions):
        message = f"{shown(key.text)} is in {shown(region)}, the registry in {listed(regions)}"
        hint = _MANY_REGIONS_HINT if len(regions) > 1 else _REGION_HINT
        findings.error("wrong-region", message, key.place, hint=hint)
