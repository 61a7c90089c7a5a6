"""How the parts of a file are written: what a problem of shape shows as the right form."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from reconciler.access_file.document.nodes import Node, ScalarNode
from reconciler.access_file.document.problems import unquoted

_GIVEN = "TIER, or {tier: TIER, until: DATE}, or a list of them"
_OF_MAPPINGS: Mapping[str, str] = MappingProxyType(
    {
        "registry": 'registry: {account: "ACCOUNT ID", regions: [REGION]}',
        "accounts": 'accounts: {NAME: "ACCOUNT ID"}',
        "principals": "principals: {NAME: {role: ROLE, account: ACCOUNT}}",
        "tiers": "tiers: {NAME: {extends: TIER, actions: [ACTION]}}",
        "repositories": "repositories: {REPOSITORY: {access: {NAME: TIER}}}",
        "access": "access: {NAME: TIER}",
        "principal": "{role: ROLE, account: ACCOUNT}, or an ARN, or a list of names",
        "tier": "{extends: TIER, actions: [ACTION]}",
        "repository's entry": "REPOSITORY: {access: {NAME: TIER}}",
        "tier, or tiers, given": _GIVEN,
        "tier given": _GIVEN,
        "conditions": "{OPERATOR: {KEY: VALUE}}",
        "condition operator with its keys": "{OPERATOR: {KEY: VALUE}}",
        "limit": "{percent: 30, count: 10}, or none",
        "rule": "{never: TIER, to: WHOM, because: REASON}",
        "whom a rule is about": "NAME, or a list of names, or public, or {outside: [ACCOUNT]}",
        "keep rule": "{sid: SID, service: SERVICE}, or {sid: SID, principal: NAME}",
        "encryption": "aes256, or kms, or {kms_key: KEY}",
        "tags": "tags: {KEY: VALUE}",
        "IAM statement": "{Effect: EFFECT, Principal: {AWS: ARN}, Action: [ACTION]}",
        "principal element": "{AWS: ARN}, or {Service: SERVICE}",
    }
)


def expected_form(title: str, kinds: tuple[str, ...], schema: Mapping[str, object]) -> str | None:
    """Show how a part is written, by its title in the schema, or else by its example."""
    if "object" in kinds and title in _OF_MAPPINGS:
        return _OF_MAPPINGS[title]
    examples = schema.get("examples")
    if not isinstance(examples, list):
        return None
    fitting = [example for example in examples if _kind(example) in kinds]
    return f"for example {_written((fitting or examples)[0])}"


def as_list(key: str, node: Node) -> str | None:
    """Show the one text that stands where a list belongs as a list; None for anything else."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str) or not node.value:
        return None
    return f"{key}: [{unquoted(node.value)}]"


def _kind(example: object) -> str:
    if isinstance(example, str):
        return "string"
    return "array" if isinstance(example, list) else "object"


def _written(example: object) -> str:
    return example if isinstance(example, str) else json.dumps(example)
