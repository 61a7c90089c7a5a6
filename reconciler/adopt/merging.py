"""The file that an import adds to, if any: its names, what is put into its text, and that it stays.

New keys come below the old ones, and every old character is kept. Only a file in its canonical
layout is laid out anew.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple, cast

import yaml

from reconciler.access_file.desired import managed_names
from reconciler.access_file.layout.canonical import canonical
from reconciler.access_file.model import AccessFile, Entry
from reconciler.access_file.sections.include import IncludedFile
from reconciler.adopt.file_text import FileData, comment_lines, repository_entry
from reconciler.adopt.live.holders import Identity
from reconciler.adopt.yaml_text import Value, entry, flow, scalar
from reconciler.errors import InvalidError, ReconcileError
from reconciler.model.registry import RegistryScope
from reconciler.policy import BUILT_IN_TIERS, REGISTRY_TIERS, Tiers

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ORDER = (
    *("version", "registry", "accounts", "principals", "tiers"),
    *("repositories", "registry_statements", "guards", "unmanaged"),
)
"""The sections, in the order in which a new one is put among them."""

_ANY_FILE = "the file"


class Vocabulary(NamedTuple):
    """The names that a file has already: of account ids, of principals and of tiers.

    A principal may stand for several identities, as a group does. `taken` are all names that
    something new can't have.
    """

    accounts: Mapping[str, str]
    principals: Mapping[tuple[Identity, ...], str]
    tiers: Tiers
    taken: frozenset[str]


NEW_FILE = Vocabulary({}, {}, {**BUILT_IN_TIERS, **REGISTRY_TIERS}, frozenset())


class Base(NamedTuple):
    """A valid file to add to; `has_accounts` is whether it names its accounts.

    `access` is the part to add to. `others` are the other parts of the file, and `limits` the keys
    that keep a new entry out of these: `registries` and `regions`. `included` are the files that it
    includes, to which nothing is added.
    """

    text: str
    access: AccessFile
    has_accounts: bool
    others: tuple[AccessFile, ...] = ()
    limits: Mapping[str, Value] = MappingProxyType({})
    included: tuple[IncludedFile, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the file's entries."""
        parts = (self.access, *self.others)
        return frozenset(entry.repository for part in parts for entry in part.entries)

    def same_part(self, parts: Sequence[AccessFile]) -> AccessFile:
        """Return the part to add to among those of a later file, the first where there is none."""
        return _by_scopes(parts).get(self.access.registry.scopes, parts[0])


def _by_scopes(parts: Iterable[AccessFile]) -> dict[tuple[RegistryScope, ...], AccessFile]:
    return {part.registry.scopes: part for part in parts}


def vocabulary_of(base: Base) -> Vocabulary:
    """Return the names of a file that can be used in new entries."""
    access = base.access
    principals = {
        tuple(Identity(one.principal, one.condition) for one in members): name
        for name, members in sorted(access.principals.items(), reverse=True)
    }
    taken = {*access.accounts, *access.principals, *access.tiers}
    ids = {account: name for name, account in sorted(access.accounts.items(), reverse=True)}
    return Vocabulary(ids, principals, access.tiers, frozenset(taken))


def described_by(access: AccessFile, live: tuple[str, ...]) -> frozenset[str]:
    """Return the live repositories that a file says something about: its own business."""
    probe = access.registry.probe_repository
    return frozenset({*managed_names(access, live), *([probe] if probe else [])})


def is_preserved(base: Base, merged: Sequence[AccessFile]) -> bool:
    """Whether a file with additions, in its parts, says of everything else what it said before."""
    old, new = _by_scopes((base.access, *base.others)), _by_scopes(merged)
    return (
        old.keys() == new.keys()
        and all(_says_the_same(part, new[scopes]) for scopes, part in old.items())
        and all(len(one.entries) == len(new[one.registry.scopes].entries) for one in base.others)
    )


def _says_the_same(old: AccessFile, merged: AccessFile) -> bool:
    """Whether a part with additions says of everything else what it said before.

    The first keep rule is the built-in one, which knows the accounts that were added.
    """
    entries = {entry.repository: entry for entry in merged.entries}
    return (
        old.registry == merged.registry._replace(policy=old.registry.policy)
        and old.guards == merged.guards
        and old.unmanaged_repositories == merged.unmanaged_repositories
        and old.ownership.default == merged.ownership.default
        and set(old.ownership.rules[1:]) == set(merged.ownership.rules[1:])
        and [placed.rule for placed in old.never_rules] == [p.rule for p in merged.never_rules]
        and old.accounts.items() <= merged.accounts.items()
        and old.principals.items() <= merged.principals.items()
        and old.tiers.items() <= merged.tiers.items()
        and [_says(one) for one in old.entries]
        == [_says(entries[one.repository]) for one in old.entries if one.repository in entries]
    )


def _says(entry: Entry) -> tuple[object, ...]:
    grants = tuple(placed.grant for placed in entry.grants)
    raw = tuple(placed.statement.raw for placed in entry.statements)
    return grants, raw, entry.inherit, entry.settings


def has_key(text: str, *path: str) -> bool:
    """Whether a file, which has to be valid, has this key: a section, or a key in one."""
    nodes = [_root(text)]
    for name in path:
        nodes = [value for node in nodes for key, value in _pairs(node) if key.value == name]
    return bool(nodes)


def says_registry_policy(base: Base) -> bool:
    """Whether a file says something about the registry's own policy: that is its own business.

    Statements of that policy are for all registries of a file, so it is that of several, too.
    """
    access = base.access
    return bool(
        base.others
        or has_key(base.text, "registry", "policy")
        or access.registry_statements
        or any(entry.via_registry for entry in access.entries)
    )


class _Section(NamedTuple):
    """A mapping of the file: the file itself, under the key "", or one of its sections.

    `line` and `column` (from 0) are where it ends, in flow style behind its brace. `indent` is the
    column of its keys. `lacks_comma`: another key needs a comma before it, in flow style.
    """

    node: yaml.Node
    line: int
    column: int
    indent: int
    lacks_comma: bool

    @property
    def is_flow(self) -> bool:
        """Whether it is written in braces."""
        return isinstance(self.node, yaml.MappingNode) and bool(self.node.flow_style)


class _Insertion(NamedTuple):
    """A text to insert before a place; several at one place are inserted in this order."""

    line: int
    column: int
    text: str


def merge_into(text: str, data: FileData) -> str:
    """Return a file with all that `data` says added: names, tiers, entries, the registry's policy.

    `data` has what the file does not have; its comments go above the new entries. `text` is a valid
    file. Raises InvalidError for a section that is an alias.
    """
    sections = dict(_sections(text))
    has_unmanaged = has_key(text, "unmanaged", "registry_statements")
    added: Mapping[str, Mapping[str, Value] | Sequence[Value]] = {
        "registry": data.registry_keys,
        "accounts": data.accounts,
        "principals": {**data.principals, **{n: list(of) for n, of in data.groups.items()}},
        "tiers": data.tiers,
        "repositories": data.entries,
        "registry_statements": data.registry_statements,
        "unmanaged": {} if has_unmanaged else data.unmanaged,
    }
    insertions = [
        _insertion(name, pairs, sections, data.comments if name == "repositories" else ())
        for name, pairs in added.items()
        if pairs
    ]
    return _inserted(text, insertions, "\r\n" if "\r\n" in text else "\n")


def in_same_layout(before: str, merged: str) -> str:
    """Return a file with additions, in its canonical layout if it was in it before."""
    try:
        was_canonical = canonical(before, _ANY_FILE) == before
    except ReconcileError:
        return merged
    return canonical(merged, _ANY_FILE) if was_canonical else merged


def _insertion(
    name: str,
    pairs: Mapping[str, Value] | Sequence[Value],
    sections: Mapping[str, _Section],
    comments: Sequence[str],
) -> _Insertion:
    section = sections.get(name)
    if section is None or not isinstance(pairs, Mapping):
        return _new_section(name, pairs, sections)
    if section.is_flow:
        written = ", ".join(f"{scalar(key)}: {flow(value)}" for key, value in pairs.items())
        return _inside(section, written)
    lines = list(comment_lines(comments))
    for key, value in pairs.items():
        lines += repository_entry(key, value) if name == "repositories" else entry(key, value)
    return _below(section, [f"{' ' * section.indent}{line}" for line in lines])


def _new_section(name: str, pairs: Value, sections: Mapping[str, _Section]) -> _Insertion:
    whole = sections[""]
    if whole.is_flow:
        return _inside(whole, f"{name}: {flow(pairs)}")
    before = [one for one in _ORDER[: _ORDER.index(name)] if one in sections]
    lines = ["", *entry(name, pairs, opened=True)]
    return _below(sections[before[-1]], lines)


def _inside(section: _Section, written: str) -> _Insertion:
    """Return the insertion of pairs before the brace at which a section in flow style ends."""
    comma = ", " if section.lacks_comma else ""
    return _Insertion(section.line, section.column - 1, f"{comma}{written}")


def _below(section: _Section, lines: Sequence[str]) -> _Insertion:
    """Return the insertion of lines below the line on which a section ends."""
    line = section.line + 1 if section.column else section.line
    return _Insertion(line, 0, "".join(f"{one}\n" for one in lines))


def _inserted(text: str, insertions: Sequence[_Insertion], ending: str) -> str:
    """Insert texts, of which each line gets the given ending; those of the file keep theirs."""
    lines = text.split("\n")
    if lines[-1]:
        lines[-1:] = [f"{lines[-1]}{ending[:-1]}", ""]
    for line, column, added in sorted(insertions, key=lambda one: one[:2])[::-1]:
        old, new = lines[line], added.replace("\n", ending)
        lines[line] = f"{old[:column]}{new}{old[column:]}"
    return "\n".join(lines)


def _sections(text: str) -> Iterator[tuple[str, _Section]]:
    """Yield the file itself and each of its sections."""
    root, closed = _root(text), frozenset(_ends_behind_commas(text))
    yield "", _section(root, closed)
    for key, value in _pairs(root):
        if _is_alias(key, value):
            raise InvalidError(f"nothing can be added where {key.value} is an alias; write it out")
        yield str(key.value), _section(value, closed)


def _root(text: str) -> yaml.Node:
    return cast("yaml.Node", yaml.compose(text, Loader=_LOADER))  # None only for an empty file


def _section(node: yaml.Node, closed: Collection[tuple[int, int]]) -> _Section:
    """Return a section; `closed` are the ends of mappings that have a comma there already."""
    end, pairs = _end(node), _pairs(node)
    indent = pairs[0][0].start_mark.column if pairs else 0
    return _Section(node, *end, indent, bool(pairs) and end not in closed)


def _ends_behind_commas(text: str) -> Iterator[tuple[int, int]]:
    """Yield the end of each mapping in flow style with a comma behind its last pair."""
    for token, end in pairwise(yaml.scan(text, Loader=_LOADER)):
        if isinstance(token, yaml.FlowEntryToken) and isinstance(end, yaml.FlowMappingEndToken):
            yield end.end_mark.line, end.end_mark.column


def _end(node: yaml.Node) -> tuple[int, int]:
    """Return the line and column behind a node, and behind its bracket in flow style."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        return node.end_mark.line, node.end_mark.column
    *_, last = node.value
    if isinstance(node, yaml.MappingNode):
        key, value = last
        last = key if _is_alias(key, value) else value
    return _end(last)


def _is_alias(key: yaml.Node, value: yaml.Node) -> bool:
    """Whether a value is an alias: its node is that of its anchor, further up."""
    return bool(value.start_mark.index < key.end_mark.index)


def _pairs(node: yaml.Node) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else ()
