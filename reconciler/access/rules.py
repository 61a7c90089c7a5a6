"""All rules, each with one sentence on why it is there; the key is what messages name."""

from collections.abc import Mapping
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType(
    {
        # the text
        "not-utf-8": "A file is UTF-8 text, so that everyone reads the same characters.",
        "control-character": "Invisible and terminal-steering characters hide what a file says.",
        "yaml-syntax": "The text must be YAML.",
        "empty-file": "A file without content asks for nothing and is most likely a mistake.",
        "several-documents": "A file is one YAML document; the rest would go unread.",
        "duplicate-key": "Of two equal keys, YAML readers keep either; neither is meant twice.",
        "non-string-key": "Keys are names; a number or a list as a key is read in several ways.",
        "merge-key": "Merge keys hide where access comes from.",
        "explicit-tag": "Tags construct objects; a file is plain data.",
        "unknown-alias": "An alias must stand for something written before it.",
        "recursive-alias": "An alias inside its own value never ends.",
        "too-many-aliases": "Aliases of aliases can make a small file unboundedly large.",
        "too-deep": "Nothing in a file is nested so deep; the text is broken or hostile.",
        # the shape
        "unknown-key": "A misspelt key would silently do nothing.",
        "missing-key": "Something that has no default is not given.",
        "clashing-keys": "Two keys that say different things about one matter.",
        "wrong-type": "Text, lists and mappings are not interchangeable.",
        "empty-value": "An empty list or mapping where at least one item is needed.",
        "bad-value": "A value outside of what the key takes.",
        "bad-name": "A name that reads as an id, an ARN or a pattern would be ambiguous.",
        # accounts and principals
        "unquoted-account-id": "Unquoted, YAML may read an account id as another number.",
        "bad-account-id": "An account id has exactly 12 digits.",
        "unnamed-account": "Where accounts have names, an unnamed one is most likely a typo.",
        "wildcard-account": "Where a service acts for any account, strangers can make it act.",
        "same-account-twice": "Two names for one account make reports ambiguous.",
        "name-clash": "One name for an account and for a principal is ambiguous.",
        "unknown-name": "Access is given to what is named, or to an ARN or account id.",
        "unused-principal": "A principal that nothing uses gives no access.",
        "unbounded-service": "A service may act for anyone's resources, a stranger's too.",
        "group-too-large": "No policy holds so many principals.",
        "group-cycle": "A group that holds itself has no members to tell.",
        "bad-arn": "ECR refuses the whole policy for one principal that is none.",
        "wildcard-in-arn": "IAM takes no wildcard in a principal's ARN.",
        "wrong-partition": "A policy can't reach principals of another AWS partition.",
        "mixed-partitions": "One set of principals can't be valid in several partitions.",
        "same-principal-twice": "Two spellings of one principal add up, which is easily missed.",
        # tiers and conditions
        "unknown-tier": "A tier must be built in or defined in the file.",
        "unused-tier": "A tier that nothing uses gives no access.",
        "tier-replaces-built-in": "Built-in tiers mean the same in every file.",
        "tier-cycle": "A tier that extends itself has no actions to tell.",
        "tier-too-large": "ECR has fewer actions, so most of them mean nothing.",
        "bad-action": "No action can have this name, so it would allow nothing.",
        "not-an-ecr-action": "Only ECR's own actions mean something in a repository policy.",
        "unknown-action": "An unknown action is a typo, or newer than this tool.",
        "bad-condition": "A condition that is not understood may let in more than is meant.",
        "condition-clash": "One statement can't hold two sets of values for one operator and key.",
        "bad-date": "An end that can't be read would never come.",
        "expired": "A grant whose end has passed gives nothing any more.",
        # repositories
        "bad-repository-name": "No repository can have this name, so the entry does nothing.",
        "inherit-on-pattern": "Leaving patterns out is a choice of one repository's entry.",
        "public": "Access for everyone is nearly always a mistake in a private registry.",
        "bad-statement": "A raw statement that is not understood is never sent.",
        "resource-in-statement": "A repository policy speaks of its own repository only.",
        "statement-not-owned": "Under default: keep, only statements with our Sid are ours.",
        "policy-too-large": "ECR takes no policy of more than 10,240 characters.",
        "policy-nearly-too-large": "A policy near the limit leaves no room for the next grant.",
    }
)
