"""The rules that messages name: their ids, and what each is about."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Literal, NamedTuple

Kind = Literal["problem", "finding", "risk", "refusal", "error"]
Severity = Literal["error", "warning", "info"]


class RuleId(StrEnum):
    """What a message names as its rule; `load_rules` describes each."""

    NOT_UTF_8 = "not-utf-8"
    CONTROL_CHARACTER = "control-character"
    YAML_SYNTAX = "yaml-syntax"
    EMPTY_FILE = "empty-file"
    SEVERAL_DOCUMENTS = "several-documents"
    DUPLICATE_KEY = "duplicate-key"
    INCLUDE_NOT_FOUND = "include-not-found"
    INCLUDE_MATCHES_NOTHING = "include-matches-nothing"
    INCLUDE_OUTSIDE = "include-outside"
    INCLUDE_UNREADABLE = "include-unreadable"
    INCLUDED_TWICE = "included-twice"
    MAIN_FILE_ONLY = "main-file-only"
    OUTSIDE_MAY = "outside-may"
    NON_STRING_KEY = "non-string-key"
    MERGE_KEY = "merge-key"
    EXPLICIT_TAG = "explicit-tag"
    UNKNOWN_ALIAS = "unknown-alias"
    RECURSIVE_ALIAS = "recursive-alias"
    TOO_MANY_ALIASES = "too-many-aliases"
    TOO_DEEP = "too-deep"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    CLASHING_KEYS = "clashing-keys"
    WRONG_TYPE = "wrong-type"
    EMPTY_VALUE = "empty-value"
    BAD_VALUE = "bad-value"
    BAD_NAME = "bad-name"
    UNQUOTED_ACCOUNT_ID = "unquoted-account-id"
    BAD_ACCOUNT_ID = "bad-account-id"
    UNNAMED_ACCOUNT = "unnamed-account"
    WILDCARD_ACCOUNT = "wildcard-account"
    SAME_ACCOUNT_TWICE = "same-account-twice"
    NAME_CLASH = "name-clash"
    UNKNOWN_NAME = "unknown-name"
    UNKNOWN_REGISTRY = "unknown-registry"
    UNUSED_PRINCIPAL = "unused-principal"
    UNKNOWN_SERVICE = "unknown-service"
    UNBOUNDED_SERVICE = "unbounded-service"
    GROUP_TOO_LARGE = "group-too-large"
    GROUP_CYCLE = "group-cycle"
    BAD_ARN = "bad-arn"
    UNLIKELY_ROLE = "unlikely-role"
    WILDCARD_IN_ARN = "wildcard-in-arn"
    WRONG_PARTITION = "wrong-partition"
    MIXED_PARTITIONS = "mixed-partitions"
    SAME_PRINCIPAL_TWICE = "same-principal-twice"
    UNKNOWN_TIER = "unknown-tier"
    UNUSED_TIER = "unused-tier"
    REGISTRY_TIER = "registry-tier"
    TIER_REPLACES_BUILT_IN = "tier-replaces-built-in"
    TIER_CYCLE = "tier-cycle"
    TIER_TOO_LARGE = "tier-too-large"
    BAD_ACTION = "bad-action"
    NOT_AN_ECR_ACTION = "not-an-ecr-action"
    IDLE_ACTION = "idle-action"
    UNKNOWN_ACTION = "unknown-action"
    BAD_CONDITION = "bad-condition"
    UNKNOWN_CONDITION_KEY = "unknown-condition-key"
    CONDITION_CLASH = "condition-clash"
    NEVER_APPLIES = "never-applies"
    BAD_DATE = "bad-date"
    EXPIRED = "expired"
    BAD_REPOSITORY_NAME = "bad-repository-name"
    INHERIT_ON_PATTERN = "inherit-on-pattern"
    INHERITED_VIA_REGISTRY = "inherited-via-registry"
    DENY_LEFT_OUT = "deny-left-out"
    CREATE_ON_PATTERN = "create-on-pattern"
    REPLICATED_ON_PATTERN = "replicated-on-pattern"
    IDLE_REPLICATED = "idle-replicated"
    PATTERN_REQUIRED = "pattern-required"
    REGISTRY_POLICY_NOT_MANAGED = "registry-policy-not-managed"
    TEMPLATE_SHADOWED = "template-shadowed"
    BAD_KMS_KEY = "bad-kms-key"
    WRONG_REGION = "wrong-region"
    BAD_TAG = "bad-tag"
    PROBE_REPOSITORY_IN_USE = "probe-repository-in-use"
    NEVER = "never"
    NEVER_INCOMPLETE = "never-incomplete"
    PUBLIC = "public"
    IDLE_ALLOW = "idle-allow"
    BAD_STATEMENT = "bad-statement"
    GRANT_DENIED = "grant-denied"
    RESOURCE_IN_STATEMENT = "resource-in-statement"
    RESOURCE_MATCHES_NOTHING = "resource-matches-nothing"
    STATEMENT_NOT_OWNED = "statement-not-owned"
    TOO_LARGE = "too-large"
    POLICY_TOO_LARGE = "policy-too-large"
    POLICY_NEARLY_TOO_LARGE = "policy-nearly-too-large"
    CAN_REWRITE = "can-rewrite"
    DEAD_PRINCIPAL = "dead-principal"
    DENY_REMOVED = "deny-removed"
    KEPT_STATEMENT = "kept-statement"
    LAMBDA_LOSES_ACCESS = "lambda-loses-access"
    MISSING_PROBE_REPOSITORY = "missing-probe-repository"
    MIXED_WITH_DRIFT = "mixed-with-drift"
    NEW_ACCOUNT = "new-account"
    NO_EARLIER_VERSION = "no-earlier-version"
    NO_LONGER_MANAGED = "no-longer-managed"
    NOT_CARRIED = "not-carried"
    NOT_KEPT = "not-kept"
    NOT_REPLICATED_YET = "not-replicated-yet"
    NOTHING_SELECTED = "nothing-selected"
    OUTSIDE_ORGANIZATION = "outside-organization"
    PATTERN_MATCHES_NOTHING = "pattern-matches-nothing"
    REGISTRY_POLICY_DENIES = "registry-policy-denies"
    REGISTRY_POLICY_GRANTS = "registry-policy-grants"
    REGISTRY_POLICY_IDLE = "registry-policy-idle"
    REGISTRY_POLICY_SCOPE = "registry-policy-scope"
    REGISTRY_POLICY_UNREAD = "registry-policy-unread"
    UNREADABLE_POLICY = "unreadable-policy"
    ADMIN = "admin"
    ACCESS_DENIED = "access-denied"
    CHANGED_SINCE = "changed-since"
    MISSING_REPOSITORY = "missing-repository"
    NOT_WRITTEN = "not-written"
    READ_FAILED = "read-failed"
    UNSETTLED_WRITE = "unsettled-write"
    THROTTLED = "throttled"
    CREATED = "created"
    # Guards: spelled with `_`, like the keys under `guards` in the file.
    MAX_REVOKED = "max_revoked"
    MAX_GRANTED = "max_granted"
    EMPTY = "empty"
    LOCK_OUT = "lock_out"


class Rule(NamedTuple):
    """One rule.

    `severity` is the highest of its kinds: an `error` makes the file invalid, or the run is
    refused or fails. `example` is a part of a file, or commands that begin with `$`; `…` marks
    what it leaves out. `live` is the live policy that belongs to the example, `registry_policy` the
    registry's own; None where it has none.
    """

    id: RuleId
    kinds: tuple[Kind, ...]
    severity: Severity
    description: str
    example: str
    remedy: str
    live: str | None = None
    registry_policy: str | None = None


@cache
def load_rules() -> Mapping[RuleId, Rule]:
    """Return all rules, in the order of `RuleId`."""
    import tomllib  # noqa: PLC0415 - costs; every command loads this module, few need this
    from importlib.resources import files  # noqa: PLC0415

    text = (files("reconciler.model") / "rules.toml").read_text(encoding="utf-8")
    return {
        RuleId(name): Rule(RuleId(name), tuple(table.pop("kinds")), **table)
        for name, table in tomllib.loads(text).items()
    }


@cache
def gravity(rule: RuleId) -> tuple[int, int]:
    """Return the key that sorts rules: the gravest severity first, then the order of `RuleId`."""
    severities: tuple[Severity, ...] = ("error", "warning", "info")
    return severities.index(load_rules()[rule].severity), list(RuleId).index(rule)
