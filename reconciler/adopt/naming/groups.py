"""Groups: principals that have the same access wherever any of them has some."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from reconciler.adopt.live.content import Terms
from reconciler.adopt.naming.names import ANONYMOUS, NAME, Profile, first_free, shared_prefix
from reconciler.adopt.yaml_text import entry

Access = Mapping[str, tuple[Terms, ...]]
"""What one repository's `access` says: the terms of each key."""

_LEAST_SAVED = 2
"""How many keys of entries a group has to replace, beyond one in each, and beyond its own lines."""

_MOST_WORDS = 3
_MOST_COMPARED = 100


def find_groups(
    profiles: Mapping[str, Profile], taken: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the members of each group, by its name; `profiles` has the access of each key."""
    together: defaultdict[Profile, list[str]] = defaultdict(list)
    for key in sorted(profiles):
        together[profiles[key]].append(key)
    used = set(taken)
    stems = sorted(set(map(stem_of, taken)))
    groups: dict[str, tuple[str, ...]] = {}
    for profile, members in sorted(together.items(), key=lambda pair: pair[1]):
        saved = (len(members) - 1) * len(profile)
        if saved >= _LEAST_SAVED + len(entry("group", members, 2)) - 1:
            wanted = _choices(members, profile, stems)
            if wanted:
                name = first_free(wanted, used)
                used.add(name)
                groups[name] = tuple(members)
    return groups


def by_group(access: Access, groups: Mapping[str, tuple[str, ...]]) -> Access:
    """Write an access with the groups in place of their members."""
    group_of = {member: name for name, members in groups.items() for member in members}
    return {group_of.get(key, key): terms for key, terms in access.items()}


def _choices(members: Sequence[str], profile: Profile, stems: Sequence[str]) -> list[str]:
    """Return the names that a group may have: after its members, or what they have access to.

    Empty for the members of one entry alone that have nothing else in common. `stems` are those of
    all names of the file, sorted: a group that is called like several of them should be all of
    these.
    """
    own = [stem_of(member) for member in members]
    prefix = shared_prefix(own)
    found = _after_members(own, prefix, stems) if prefix and prefix != ANONYMOUS else []
    if len(profile) > 1:
        of_repositories = shared_prefix([repository for repository, _ in profile])
        found += [f"{of_repositories}-access"] if of_repositories else []
        found.append("group")
    return [name for name in found if NAME.fullmatch(name)]


def _after_members(own: Sequence[str], prefix: str, stems: Sequence[str]) -> list[str]:
    start, end = bisect_left(stems, prefix), bisect_left(stems, f"{prefix}\x7f")
    words = {word for stem in own if (word := _rest(stem, prefix))}
    found = [f"{prefix}-all"]
    if end - start > _MOST_COMPARED:
        return found
    others = sorted({word for stem in stems[start:end] if (word := _rest(stem, prefix))} - words)
    if not others:
        return [prefix, *found]
    if len(others) == 1 and len(words) > 1:
        return [f"{prefix}-except-{others[0]}", *found]
    if 1 < len(words) <= _MOST_WORDS:
        return [f"{prefix}-{'+'.join(sorted(words))}", *found]
    return found


def stem_of(name: str) -> str:
    """Return the account of a name that has one behind an @, else the name."""
    return name.rpartition("@")[2]


def _rest(stem: str, prefix: str) -> str:
    """Return what follows a prefix; empty where nothing does."""
    return stem[len(prefix) :].lstrip("-_./+")
