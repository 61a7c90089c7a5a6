"""Patterns: what all live repositories with a prefix have in common is said once."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from reconciler.adopt.live.content import Terms

_SEPARATORS = "/-_."
_LEAST = 2
_LEAST_OTHER = 3
"""How many repositories without a folder of their own may differ in a part of their access."""


class Item(NamedTuple):
    """One thing that an entry says: a key with its terms, or a raw statement as JSON."""

    key: str
    terms: tuple[Terms, ...] = ()
    statement: str = ""


Entries = Mapping[str, frozenset[Item]]
"""What each entry says, by the repository or pattern."""


def share_by_prefix(
    entries: Entries, live: Collection[str], only_exact: frozenset[Item], taken: Collection[str]
) -> Entries:
    """Move what all live repositories with a prefix share into an entry for a pattern.

    `live` are all repositories of the registry, also those that have no entry: a pattern must not
    match one of those. `only_exact` is what no pattern may say, `taken` are patterns that have an
    entry of another kind. Entries to which nothing is left are dropped where a pattern matches
    them. There is no pattern for the whole registry: it would give access to every repository that
    is ever created.
    """
    left = dict(entries)
    shared: dict[str, frozenset[Item]] = {}
    covered: set[str] = set()
    for prefix, names in _prefixes(live):
        if f"{prefix}*" in taken or any(name not in entries for name in names):
            continue
        common = frozenset[Item].intersection(*(left[name] for name in names)) - only_exact
        bare = not covered.issuperset(names) and _says_nothing(prefix, names, entries)
        if not bare and not _is_worth_it(prefix, names, common, left):
            continue
        shared[f"{prefix}*"] = common
        covered |= set(names)
        left |= {name: left[name] - common for name in names}
    kept = {name: items for name, items in left.items() if items or name not in covered}
    return {**kept, **shared}


def _is_worth_it(
    prefix: str, names: Collection[str], common: frozenset[Item], left: Entries
) -> bool:
    """Whether a pattern makes the file shorter and easier to read.

    Of repositories that only begin with the same word, most of the access has to be common; of two
    of them, all.
    """
    if not common:
        return False
    if prefix.endswith("/"):
        return True
    said = sum(len(left[name]) for name in names)
    return len(names) * len(common) * (2 if len(names) >= _LEAST_OTHER else 1) >= said


def _says_nothing(prefix: str, names: Collection[str], entries: Entries) -> bool:
    """Whether a folder has no access at all, which one entry can say."""
    return prefix.endswith("/") and not any(entries[name] for name in names)


def _prefixes(live: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each prefix that enough repositories have, with these; the shortest first."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    names = sorted(live)
    for at, name in enumerate(names):
        # A name that others begin with is a prefix, too.
        found[name] += names[at : bisect_left(names, f"{name}\x7f")]
        for end in range(1, len(name)):
            if name[end - 1] in _SEPARATORS:
                found[name[:end]].append(name)
    # Of the prefixes of the same repositories the longest says most: a folder's, if there is one.
    best = {
        tuple(names): prefix
        for prefix, names in sorted(
            found.items(), key=lambda pair: (pair[0].endswith("/"), pair[0])
        )
    }
    for having, prefix in sorted(best.items(), key=lambda pair: pair[1]):
        if len(having) >= (_LEAST if prefix else _LEAST_OTHER):
            yield prefix, having
