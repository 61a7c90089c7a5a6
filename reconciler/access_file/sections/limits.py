"""Reads `registries`, `regions` and `replicated` of entries: where each of them holds."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import ProblemList, quote, quote_all
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    SequenceNode,
    child,
    pairs_of,
    place_at,
    texts_of,
    value_of,
)
from reconciler.access_file.model import Registry
from reconciler.access_file.sections.registries import check_repeated
from reconciler.model.rules import RuleId
from reconciler.policy import has_wildcard

_LIMITS = ("registries", "regions")
_REPLICATED = "replicated"
_BEGINNING = "r"
_NO_NAME = "the registry of this file has no name: give it one, or remove registries here"


class LimitedEntry(NamedTuple):
    """An entry, with the registries and regions that it is limited to; none where it is not.

    `is_readable`: its limits are not misspelt, and have the right shape, so that it is known where
    it is to hold.
    """

    pair: Pair
    registries: frozenset[str]
    regions: frozenset[str]
    is_readable: bool = True

    def holds_in(self, registry: Registry) -> bool:
        """Whether the entry holds in a registry, perhaps only in some of its regions."""
        is_named = not self.registries or registry.name in self.registries
        return is_named and self.is_readable


def read_limits(
    entries: Iterable[Pair], registries: Sequence[Registry], problems: ProblemList
) -> tuple[LimitedEntry, ...]:
    """Read where entries hold; reports what the registries do not have, and what has no effect."""
    found: list[LimitedEntry] = []
    for pair in entries:
        keys = pair.value.pairs if isinstance(pair.value, MappingNode) else ()
        if not any(key.startswith(_BEGINNING) for key in keys):  # as most entries
            found.append(LimitedEntry(pair, frozenset(), frozenset()))
            continue
        named, within = texts_of(pair.value, "registries"), texts_of(pair.value, "regions")
        entry = LimitedEntry(pair, _texts(named), _texts(within), _is_readable(pair.value))
        found.append(entry)
        is_known = entry.is_readable
        if is_known and (named or within):
            is_known = _check_limits(entry, named, within, registries, problems)
        if child(pair.value, "replicated") is not None:
            _check_replicated(entry, registries if is_known else (), problems)
    return tuple(found)


def _is_readable(entry: Node) -> bool:
    """Whether the limits of an entry have their shape, and no key may be a misspelt limit."""
    for key, value in pairs_of(entry):
        if key.text in _LIMITS:
            if not (isinstance(value, SequenceNode) and texts_of(value)):
                return False
        elif key.text.startswith(_BEGINNING) and key.text != _REPLICATED:
            return False
    return True


def _texts(nodes: Iterable[ScalarNode]) -> frozenset[str]:
    return frozenset(node.text for node in nodes)


def _check_limits(
    entry: LimitedEntry,
    named: Sequence[ScalarNode],
    within: Sequence[ScalarNode],
    registries: Sequence[Registry],
    problems: ProblemList,
) -> bool:
    """Whether the file has all registries and regions of an entry; reports others.

    Reports those that do not meet, too.
    """
    names = [one.name for one in registries if one.name is not None]
    regions = sorted({region for one in registries for region in one.regions})
    check_repeated(named, "registry", problems)
    check_repeated(within, "region", problems)
    # One of several registries without a name of its own is reported.
    are_named = len(set(names)) == len(registries) or len(registries) == 1
    are_known = are_named and _report_unknown(named, "registry", names, problems)
    are_known &= _report_unknown(within, "region", regions, problems)
    if are_known and named and within:
        return _do_meet(entry, named, within, registries, problems)
    return are_known


def _report_unknown(
    nodes: Iterable[ScalarNode], noun: str, known: Collection[str], problems: ProblemList
) -> bool:
    """Whether all of these are known; reports those that are not."""
    unknown = [node for node in nodes if node.text not in known]
    for node in unknown:
        hint = f"the file has {quote_all(known)}" if known else _NO_NAME
        message = f"the file has no {noun} {quote(node.text)}"
        meant = problems.did_you_mean(node.text, known)
        problems.error(RuleId.UNKNOWN_REGISTRY, message, node.place, meant or hint)
    return not unknown


def _do_meet(
    entry: LimitedEntry,
    named: Sequence[ScalarNode],
    within: Sequence[ScalarNode],
    registries: Sequence[Registry],
    problems: ProblemList,
) -> bool:
    """Whether each registry of an entry is in one of its regions, and each region has one.

    Reports the regions that have none, or else the registries.
    """
    here = [one for one in registries if entry.holds_in(one)]
    regions = {region for one in here for region in one.regions}
    outside = [node for node in within if node.text not in regions]
    for node in outside:
        message = f"no registry of this entry is in {quote(node.text)}"
        hint = f"they are in {quote_all(sorted(regions))}"
        other = named[0].place
        problems.error(RuleId.UNKNOWN_REGISTRY, message, node.place, hint, other=other)
    idle = {one.name for one in here if entry.regions.isdisjoint(one.regions)}
    for node in named if not outside else ():
        if node.text in idle:
            message = f"the registry {quote(node.text)} is in none of the regions of this entry"
            hint = "remove it, or add one of its regions"
            other = within[0].place
            problems.error(RuleId.UNKNOWN_REGISTRY, message, node.place, hint, other=other)
    return not (outside or idle)


def _check_replicated(
    entry: LimitedEntry, registries: Sequence[Registry], problems: ProblemList
) -> None:
    """Report `replicated` where it means nothing, and warn where it has no effect.

    `registries` are those of the file; none where the entry's limits have a problem.
    """
    replicated, create = child(entry.pair.value, "replicated"), child(entry.pair.value, "create")
    place = place_at(entry.pair.value, ("replicated",))
    if has_wildcard(entry.pair.key.text):
        message = "'replicated' is only for the entry of one repository, not for a pattern"
        hint = "remove it: a pattern is about the repositories that exist"
        problems.error(RuleId.REPLICATED_ON_PATTERN, message, place, hint)
    elif value_of(replicated) is not True:
        return
    elif value_of(create) is True:
        message = "'replicated' cannot be combined with 'create'"
        hint = "remove one of them: a repository is made by replication, or by apply"
        other = place_at(entry.pair.value, ("create",))
        problems.error(RuleId.CLASHING_KEYS, message, place, hint, other=other)
    elif _number_of_scopes(entry, registries) == 1:
        message = "'replicated' has no effect: this entry holds in one registry and region only"
        hint = "remove it, or write the registry and region that it is replicated from, too"
        problems.warning(RuleId.IDLE_REPLICATED, message, place, hint)


def _number_of_scopes(entry: LimitedEntry, registries: Iterable[Registry]) -> int:
    here = (one.regions for one in registries if entry.holds_in(one))
    return sum(not entry.regions or region in entry.regions for own in here for region in own)
