"""From grants to a policy's text: the same access always results in the same bytes."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import count
from typing import NamedTuple

from reconciler.policy.language.conditions import Condition, condition_json
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS, SID_PREFIX, VERSION
from reconciler.policy.language.json_text import minified
from reconciler.policy.language.principals import EVERYONE, Principal, parse_arn
from reconciler.policy.meaning.facts import Actions, Facts, reduce_actions
from reconciler.policy.meaning.registry_facts import RegistryFacts
from reconciler.policy.meaning.tiers import Tiers, action_names, tiers_within

Json = Mapping[str, object]


class Group(NamedTuple):
    """One statement to be: these principals (sorted; `*` is alone) have all these actions.

    `resources` are the sorted ARN patterns of its repositories; empty in a repository's policy.
    """

    condition: Condition
    actions: Actions
    principals: tuple[Principal, ...]
    resources: tuple[str, ...] = ()


Groups = tuple[Group, ...]
Cost = Callable[[Group], int]


def compile_policy(
    facts: Facts, statements: Iterable[Json], tiers: Tiers, *, owned_by_sid: bool = False
) -> str | None:
    """Return the policy that allows these facts and contains these raw statements.

    The facts are reduced, and all of them Allow. The result is minified JSON, or None where there
    is no statement: the service accepts no policy without one. Only where the readable form is too
    large for the service is it packed, as far as meaning allows; it may still be too large.
    `owned_by_sid`: our statements are recognized by their Sids, so packing keeps these.
    """
    return _compiled((group_facts(facts),), statements, tiers, owned_by_sid=owned_by_sid)


def compile_registry_policy(
    facts: RegistryFacts, statements: Iterable[Json], tiers: Tiers
) -> str | None:
    """Return the registry policy that allows these facts and contains these raw statements.

    As `compile_policy`, and each part of the facts is one pattern. Packing always keeps the Sids:
    by default others' statements stay in a registry's policy, and ours are recognized by them.
    """
    single = [
        Group(holder.condition, facts[part][holder], (holder.principal,), part.patterns)
        for part in sorted(facts)
        for holder in sorted(facts[part])
    ]
    choices = (_join_resources(_join_principals(single)), _join_principals(_join_resources(single)))
    return _compiled(choices, statements, tiers, owned_by_sid=True)


def _compiled(
    choices: Sequence[Groups], statements: Iterable[Json], tiers: Tiers, *, owned_by_sid: bool
) -> str | None:
    """Compile one of several groupings: the first one, or where it is too large the shortest."""
    by_text = {json.dumps(s, sort_keys=True, default=str): s for s in statements}
    raw = [statement for _, statement in sorted(by_text.items())]
    taken = {str(statement.get("Sid")) for statement in raw}
    if not (choices[0] or raw):
        return None
    readable = _policy([*_readable(choices[0], tiers, taken), *raw])
    if len(readable) <= MAX_POLICY_CHARACTERS:
        return readable
    tighter = (tighter_groups(groups, tiers, _short_length) for groups in choices)
    shortest = min(tighter, key=lambda groups: sum(map(_short_length, groups)))
    packed = sorted((_body(group, _short_name) for group in shortest), key=minified)
    if owned_by_sid:
        packed = list(_numbered([(SID_PREFIX, body) for body in packed], taken))
    return _policy([*packed, *raw])


def sid_for(actions: Actions, tiers: Tiers) -> str:
    """Return the Sid of a statement: the prefix and the tiers that its actions make up.

    Where another statement covers some of a tier, it is the smallest tier with all the actions.
    """
    names, left = tiers_within(actions, tiers)
    if left or not names:
        holding = [(len(of_tier), name) for name, of_tier in tiers.items() if actions <= of_tier]
        names = (min(holding)[1],) if holding else (*names, "custom")
    words = (word for name in names for word in re.split(r"[^A-Za-z0-9]+", name))
    return SID_PREFIX + "".join(word[:1].upper() + word[1:] for word in words)


def group_facts(facts: Facts) -> Groups:
    """Group the principals with the same actions and condition: each is in one group only."""
    return _join_principals(Group(h.condition, facts[h], (h.principal,)) for h in sorted(facts))


def tighter_groups(groups: Groups, tiers: Tiers, cost: Cost) -> Groups:
    """Regroup for the least total cost that a bounded search finds; the meaning is the same.

    Where principals are few and combinations of tiers many, it is shorter to name a principal in
    several statements than to write out every combination.
    """
    by_tier = _join_principals(
        group._replace(actions=part) for group in groups for part in _parts(group.actions, tiers)
    )
    candidates = (groups, by_tier, _dissolved(groups, cost), _dissolved(by_tier, cost))
    return min(candidates, key=lambda candidate: sum(map(cost, candidate)))


def _join_principals(groups: Iterable[Group]) -> Groups:
    """Join the groups that differ in principals only; `*` stays alone."""
    sharing: defaultdict[tuple[bool, Group], set[Principal]] = defaultdict(set)
    for group in groups:
        is_everyone = group.principals == (EVERYONE,)
        sharing[is_everyone, group._replace(principals=())].update(group.principals)
    return tuple(
        group._replace(principals=tuple(sorted(joined))) for (_, group), joined in sharing.items()
    )


def _join_resources(groups: Iterable[Group]) -> Groups:
    """Join the groups that differ in repositories only."""
    sharing: defaultdict[Group, set[str]] = defaultdict(set)
    for group in groups:
        sharing[group._replace(resources=())].update(group.resources)
    return tuple(
        group._replace(resources=tuple(sorted(joined))) for group, joined in sharing.items()
    )


def _parts(actions: Actions, tiers: Tiers) -> Iterable[Actions]:
    """Split a set of actions into tiers, and what no tier covers."""
    names, left = tiers_within(actions, tiers)
    yield from (reduce_actions(tiers[name]) for name in names)
    if left:
        yield left


def _dissolved(groups: Groups, cost: Cost) -> Groups:
    """Dissolve groups into others that together have the same actions, while that is shorter."""
    left = list(groups)
    # The smallest first: the actions of few principals are the cheapest to write twice.
    for group in sorted(groups, key=lambda g: (len(g.principals), cost(g), g.principals)):
        if group not in left:
            continue  # others joined it, so it is needed
        chosen = _cover(group.actions, [other for other in left if _is_part_of(other, group)])
        joined = [_joined(other, group) for other in chosen]
        if chosen and sum(map(cost, joined)) < cost(group) + sum(map(cost, chosen)):
            left = [g for g in left if g != group and g not in chosen] + joined
    return tuple(left)


def _is_part_of(other: Group, group: Group) -> bool:
    same_kind = (EVERYONE in other.principals) == (EVERYONE in group.principals)
    same_scope = (other.condition, other.resources) == (group.condition, group.resources)
    return same_kind and same_scope and other.actions < group.actions


def _cover(actions: Actions, others: Sequence[Group]) -> list[Group]:
    """Choose others that together have exactly these actions, large ones first; [] if none do."""
    left, chosen = actions, []
    for other in sorted(others, key=lambda g: (-len(g.actions), g.principals)):
        if other.actions & left:
            chosen.append(other)
            left -= other.actions
    return [] if left else chosen


def _joined(group: Group, other: Group) -> Group:
    return group._replace(principals=tuple(sorted({*group.principals, *other.principals})))


def _policy(statements: Sequence[Json]) -> str:
    return minified({"Version": VERSION, "Statement": statements})


def _readable(groups: Iterable[Group], tiers: Tiers, taken: Set[str]) -> Iterable[Json]:
    """Return each group in full, under a Sid that names its tiers and is not taken."""
    bodies = ((sid_for(group.actions, tiers), _body(group, str)) for group in groups)
    drafts = sorted((sid, minified(body), body) for sid, body in bodies)
    return _numbered([(sid, body) for sid, _, body in drafts], taken)


def _numbered(drafts: Sequence[tuple[str, Json]], taken: Set[str]) -> Iterable[Json]:
    used = {sid for sid, _ in drafts} | taken
    seen: set[str] = set()
    following: dict[str, Iterator[int]] = {}
    for sid, body in drafts:
        name = sid
        if name in taken or name in seen:
            numbers = following.setdefault(sid, count(2))
            name = next(n for k in numbers if (n := f"{sid}{k}") not in used)
        seen.add(name)
        used.add(name)
        yield {"Sid": name, **body}


def _body(group: Group, name_of: Callable[[str], str]) -> Json:
    body: dict[str, object] = {
        "Effect": "Allow",
        "Principal": principal_element(group.principals, name_of),
        "Action": one_or_list(list(action_names(group.actions))),
    }
    if group.resources:
        body["Resource"] = one_or_list(list(group.resources))
    if group.condition:
        body["Condition"] = condition_json(group.condition)
    return body


def principal_element(
    principals: tuple[Principal, ...], name_of: Callable[[str], str]
) -> str | dict[str, object]:
    """Return a Principal element; `name_of` spells the name of each."""
    if principals == (EVERYONE,):
        return "*"
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for principal in principals:
        by_kind[principal.kind] += map(name_of, principal.names)
    return {kind: one_or_list(names) for kind, names in by_kind.items()}


def one_or_list(names: list[str]) -> str | list[str]:
    """Return names as an element of a statement has them."""
    return names[0] if len(names) == 1 else names


def _short_name(name: str) -> str:
    """Return an account as its bare id, which means the same as its root ARN."""
    arn = parse_arn(name)
    return arn.account if arn and arn.resource_type == "root" else name


def _short_length(group: Group) -> int:
    return len(minified(_body(group, _short_name)))
