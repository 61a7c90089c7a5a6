"""Groups: principals that have the same access wherever any of them has some."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from reconciler.adopt.content import Terms
from reconciler.adopt.names import LONGEST_NAME, Profile, first_free, shared_prefix
from reconciler.adopt.yaml_text import entry

Access = Mapping[str, tuple[Terms, ...]]
"""What one repository's `access` says: the terms of each key."""

_LEAST_SAVED = 2
"""How many keys of entries a group has to replace, beyond one in each, and beyond its own lines."""

_MOST_WORDS = 3


def find_groups(
    profiles: Mapping[str, Profile], taken: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the members of each group, by its name; `profiles` has the access of each key."""
    together: defaultdict[Profile, list[str]] = defaultdict(list)
    for key in sorted(profiles):
        together[profiles[key]].append(key)
    groups: dict[str, tuple[str, ...]] = {}
    for profile, members in sorted(together.items(), key=lambda pair: pair[1]):
        saved = (len(members) - 1) * len(profile)
        if saved >= _LEAST_SAVED + len(entry("group", members, 2)) - 1:
            name = first_free(_choices(members, profile, taken), {*taken, *groups})
            groups[name] = tuple(members)
    return groups


def by_group(access: Access, groups: Mapping[str, tuple[str, ...]]) -> Access:
    """Write an access with the groups in place of their members."""
    group_of = {member: name for name, members in groups.items() for member in members}
    return {group_of.get(key, key): terms for key, terms in access.items()}


def _choices(members: Sequence[str], profile: Profile, names: Collection[str]) -> list[str]:
    """Return the names that a group may have: after its members, or what they have access to.

    `names` are all that the file has, as a group called like several names should be all of these.
    """
    stems = [member.rpartition("@")[2] for member in members]
    prefix = shared_prefix(stems)
    found: list[str] = []
    if prefix:
        own = {word for stem in stems if (word := _rest(stem, prefix))}
        every = {word for name in names if (word := _rest(name.rpartition("@")[2], prefix))}
        others = sorted(every - own)
        if not others:
            found.append(prefix)
        elif len(others) == 1 and len(own) > 1:
            found.append(f"{prefix}-except-{others[0]}")
        elif 1 < len(own) <= _MOST_WORDS:
            found.append(f"{prefix}-{'+'.join(sorted(own))}")
        found.append(f"{prefix}-all")
    of_repositories = shared_prefix([repository for repository, _ in profile])
    found += [f"{of_repositories}-access"] if of_repositories else []
    return [name for name in (*found, "group") if len(name) <= LONGEST_NAME]


def _rest(name: str, prefix: str) -> str:
    """Return what follows a prefix in a name; empty where nothing does."""
    return name[len(prefix) :].lstrip("-_./+") if name.startswith(prefix) else ""
