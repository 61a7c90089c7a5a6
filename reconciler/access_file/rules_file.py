"""Rules files: `never` rules that are kept apart from the access file, with names of their own.

A rules file is read as an access file would be that has its sections, the registries of the real
one, and no repositories. So its names mean what it says itself, whatever the access file calls so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.consequences import add_meaning, broken_principals
from reconciler.access_file.checks.shape import check_shape, use_partition
from reconciler.access_file.document.problems import (
    Place,
    Problem,
    ProblemList,
    TooLargeError,
    quote,
)
from reconciler.access_file.document.schema import ACCESS_FILE
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import MappingNode, Node, Pair, ScalarNode, pairs_of
from reconciler.access_file.model import PlacedRule
from reconciler.access_file.parts import RulesByPartition, read_parts
from reconciler.model.rules import RuleId

_RULES = "rules"
_NAMES = ("version", "accounts", "principals", "tiers")
_REGISTRIES = ("registry", "registries")
_KEYS = (*_NAMES, _RULES)
_FORM = "write version: 1, and rules: [{never: TIER, to: NAME, because: REASON}]"


class RulesFile(NamedTuple):
    """A rules file: what problems call it, and its content."""

    path: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, in hex."""
        from hashlib import sha256  # noqa: PLC0415 - costs; only a plan needs it

        return sha256(self.content).hexdigest()


class ReadRules(NamedTuple):
    """The rules of all files, by the partition of the registries that they are read for.

    `lines` are those of each file, by its path. Where any of `problems` is an error, rules may be
    missing.
    """

    rules: RulesByPartition
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]


def read_rules_files(files: Iterable[RulesFile], access: Node | None, now: datetime) -> ReadRules:
    """Read rules files for the registries of an access file. Never raises, whatever they hold."""
    pairs = {pair.key.text: pair for pair in pairs_of(access)}
    registries = {key: pairs[key] for key in _REGISTRIES if key in pairs}
    together = defaultdict[str, tuple[PlacedRule, ...]](tuple)
    found, lines = list[Problem](), dict[str, tuple[str, ...]]()
    for file in files:
        problems = ProblemList()
        source = read_source(file.content, file.path, problems)
        lines[file.path] = source.lines
        for partition, rules in _read(source.root, registries, file.path, now, problems).items():
            together[partition] += rules
        found += problems.found
    return ReadRules(together, tuple(found), lines)


def _read(
    root: Node | None,
    registries: Mapping[str, Pair],
    path: str,
    now: datetime,
    problems: ProblemList,
) -> RulesByPartition:
    """Check a rules file, and return its rules; none where it has none that can be read."""
    if isinstance(root, MappingNode):
        _check_keys(root, problems)
        # Without a registry, the access file is invalid, and the rules have no partition.
        return _read_rules(root, registries, path, now, problems) if registries else {}
    if root is not None:
        problems.error(RuleId.WRONG_TYPE, "expected a mapping (rules file)", root.place, _FORM)
    elif any(problem.rule is RuleId.EMPTY_FILE for problem in problems.found):
        problems.found.clear()
        _report_missing(Place(path, 1, 1), problems)
    return {}


def _check_keys(root: MappingNode, problems: ProblemList) -> None:
    missing = [key for key in _KEYS if key not in root.pairs]
    meant: set[str] = set()
    for pair in root.pairs.values():
        if pair.key.text not in _KEYS:
            similar = problems.did_you_mean(pair.key.text, missing)
            meant |= {similar.meant} if similar else set()
            known = f"the keys of a rules file are {', '.join(_KEYS)}"
            message = f"unknown key {quote(pair.key.text)}"
            problems.error(RuleId.UNKNOWN_KEY, message, pair.key.place, similar or known)
    if _RULES in missing and _RULES not in meant:
        _report_missing(root.place, problems)


def _report_missing(place: Place, problems: ProblemList) -> None:
    problems.error(RuleId.MISSING_KEY, f"missing key {quote(_RULES)}", place, _FORM)


def _read_rules(
    root: MappingNode,
    registries: Mapping[str, Pair],
    path: str,
    now: datetime,
    problems: ProblemList,
) -> RulesByPartition:
    whole, found = _as_access_file(root, registries), ProblemList()
    violations, meaning = check_shape(whole, ACCESS_FILE, found), ProblemList()
    use_partition(whole, found)
    rules: dict[str, tuple[PlacedRule, ...]] = {}
    try:
        parts = read_parts(whole, now, broken_principals(violations), frozenset(), meaning)
        rules = {part.registry.partition: part.never_rules for part in parts}
    except TooLargeError:
        problems.found |= meaning.found
    add_meaning(meaning, found, whole, violations)
    # What is wrong with the registries is a problem of the access file, and reported there.
    problems.found |= {one: None for one in found.found if one.place.path == path}
    return rules


def _as_access_file(root: MappingNode, registries: Mapping[str, Pair]) -> MappingNode:
    """Return a rules file as an access file without repositories."""
    pairs = {key: root.pairs[key] for key in _NAMES if key in root.pairs}
    rules = root.pairs.get(_RULES)
    if rules is not None:
        guards = MappingNode({_RULES: rules}, rules.key.place)
        pairs["guards"] = Pair(ScalarNode("guards", "guards", rules.key.place), guards)
    none = Pair(ScalarNode("repositories", "repositories", root.place), MappingNode({}, root.place))
    return MappingNode({**pairs, **registries, "repositories": none}, root.place)
