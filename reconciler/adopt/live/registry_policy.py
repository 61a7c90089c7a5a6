"""The registry's own policy as a file can say it: entries with `via`, and raw statements."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.sections.registry import name_hint
from reconciler.adopt.live.content import Content, Reading, ReadingOptions, read_for_file
from reconciler.adopt.live.survey import OF_ALL_REGIONS
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope
from reconciler.policy import (
    ArnPrefix,
    Document,
    Ownership,
    RegistryDocument,
    Resources,
    Statement,
    Unreadable,
    has_wildcard,
    minified,
    read_registry_policy,
)

REGISTRY_POLICY = "the registry's policy"

RegistryDocuments = Mapping[RegistryScope, RegistryDocument]
"""The registry's own policy in each region; empty where it has none, or nobody asked for it."""


class Unmanaged(NamedTuple):
    """What stays unmanaged besides repositories, and why: the policy, or a creation template."""

    what: str
    reason: str


class RegistryReading(NamedTuple):
    """The registry's own policy, read for a file.

    `via` has what the entry of each pattern is to say, `statements` are raw ones as minified JSON.
    `parts` are the statements, each read alone, without what it is about.
    """

    via: Mapping[str, Content]
    statements: tuple[str, ...]
    parts: tuple[Reading, ...]


NOTHING_READ = RegistryReading({}, (), ())


def registry_documents(registries: Sequence[LiveRegistry]) -> RegistryDocuments | Unmanaged:
    """Return the registry's own policy in each region, or why that is not possible."""
    found: dict[RegistryScope, RegistryDocument] = {}
    for registry in registries:
        if registry.policy is None:
            return {}
        if isinstance(registry.policy.text, ReadFailure):
            return Unmanaged(REGISTRY_POLICY, registry.policy.text.message)
        partition = registry.scope.arn_prefix.partition
        policy = read_registry_policy(registry.policy.text, partition=partition)
        if isinstance(policy, Unreadable):
            return Unmanaged(REGISTRY_POLICY, f"it is not understood: {policy}")
        found[registry.scope] = policy
    return found if any(one.statements for one in found.values()) else {}


def read_registry(
    documents: RegistryDocuments,
    options: ReadingOptions,
    may_have: Callable[[str], bool],
    *,
    only_raw: bool = False,
) -> RegistryReading | Unmanaged:
    """Read the registry's policy for a file, in which `may_have` allows an entry for a pattern.

    A statement becomes entries where they can say all of it, and is raw otherwise; with `only_raw`,
    every one.
    """

    def may_grant(pattern: str) -> bool:
        return not only_raw and may_have(pattern)

    # The keep rules of a file are about the policies of repositories.
    own = options._replace(ownership=Ownership())
    readings = {
        scope: _read(document, scope.arn_prefix, own, may_grant)
        for scope, document in documents.items()
    }
    if not readings:
        return NOTHING_READ
    first, *others = readings
    for scope in others:
        if readings[scope][:2] != readings[first][:2]:
            reason = f"it is different in {scope.region} and in {first.region}"
            return Unmanaged(REGISTRY_POLICY, f"{reason}, and {OF_ALL_REGIONS}")
    return readings[first]


def _read(
    document: RegistryDocument,
    prefix: ArnPrefix,
    options: ReadingOptions,
    may_have: Callable[[str], bool],
) -> RegistryReading:
    by_pattern: defaultdict[str, list[Statement]] = defaultdict(list)
    raw: set[str] = set()
    parts: list[Reading] = []
    for statement, resources, _ in document.statements:
        alone = Document(document.version, (statement,))
        reading = read_for_file(alone, options)
        patterns = _patterns(resources, prefix)
        is_granted = bool(reading.content.access) and not reading.content.statements
        if is_granted and patterns and all(map(may_have, patterns)):
            for pattern in patterns:
                by_pattern[pattern].append(statement)
        else:
            reading = read_for_file(alone, options, only_raw=True)
            raw |= {_about(text, resources, prefix) for text in reading.content.statements}
        parts.append(reading)
    via = {
        pattern: read_for_file(Document(document.version, tuple(found)), options).content
        for pattern, found in sorted(by_pattern.items())
    }
    return RegistryReading(via, tuple(sorted(raw)), tuple(parts))


def _patterns(resources: Resources, prefix: ArnPrefix) -> tuple[str, ...]:
    """Return the patterns of names that a statement is about; () where it says more than these."""
    names = resources.names(prefix, certain=True)
    plain = sorted(name for name in names if has_wildcard(name) and name_hint(name) is None)
    return tuple(plain) if len(plain) == len(resources.split(prefix)) else ()


def _about(text: str, resources: Resources, prefix: ArnPrefix) -> str:
    """Write what a raw statement is about, as it is; all repositories are `*`, in every region."""
    statement = json.loads(text)
    condition = statement.pop("Condition", None)
    every = Resources((prefix.every_repository,))
    written = sorted(
        {"*" if Resources((arn,)).split(prefix) == (every,) else arn for arn in resources.patterns}
    )
    element = "NotResource" if resources.excluded else "Resource"
    statement[element] = written[0] if len(written) == 1 else written
    return minified({**statement, "Condition": condition} if condition else statement)
