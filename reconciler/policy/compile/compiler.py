"""From grants to a policy's text: the same access always gives the same bytes."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import count
from typing import Literal

from reconciler.policy.compile.packing import Group, group_facts, tighter_groups
from reconciler.policy.language.conditions import condition_json
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS, SID_PREFIX, VERSION
from reconciler.policy.language.json_text import minified
from reconciler.policy.language.principals import EVERYONE, Principal, parse_arn
from reconciler.policy.meaning.facts import Actions, Facts
from reconciler.policy.meaning.tiers import Tiers, action_names, tiers_within

Json = Mapping[str, object]


def compile_policy(
    facts: Facts, statements: Iterable[Json], tiers: Tiers, *, owned_by_sid: bool = False
) -> str | None:
    """Write the policy that allows these facts and carries these raw statements.

    The facts are reduced, and all of them Allow. Gives minified JSON, or None where there is
    nothing to say: the service takes no policy without a statement. Only where the readable form
    is too large for the service is it packed, as far as meaning allows; it may still be too large.
    `owned_by_sid`: our statements are told from others' by their Sids, so that these must stay.
    """
    by_text = {json.dumps(s, sort_keys=True, default=str): s for s in statements}
    carried = [statement for _, statement in sorted(by_text.items())]
    taken = {str(statement.get("Sid")) for statement in carried}
    groups = group_facts(facts)
    if not (groups or carried):
        return None
    readable = _policy([*_named(groups, tiers, taken), *carried])
    if len(readable) <= MAX_POLICY_CHARACTERS:
        return readable
    packed = sorted(
        (_body(group, _short_name) for group in tighter_groups(groups, tiers, _short_length)),
        key=minified,
    )
    if owned_by_sid:
        packed = list(_numbered([(SID_PREFIX, body) for body in packed], taken))
    return _policy([*packed, *carried])


def sid_for(actions: Actions, tiers: Tiers) -> str:
    """Name a statement after the tiers that its actions make up.

    Where some are covered by another statement, the smallest tier that holds them all names it.
    """
    names, left = tiers_within(actions, tiers)
    if left or not names:
        holding = [(len(of_tier), name) for name, of_tier in tiers.items() if actions <= of_tier]
        names = (min(holding)[1],) if holding else (*names, "custom")
    words = (word for name in names for word in re.split(r"[^A-Za-z0-9]+", name))
    return SID_PREFIX + "".join(word[:1].upper() + word[1:] for word in words)


def _policy(statements: Sequence[Json]) -> str:
    return minified({"Version": VERSION, "Statement": statements})


def _named(groups: Iterable[Group], tiers: Tiers, taken: Set[str]) -> Iterable[Json]:
    """Write each group in full, under a Sid that tells its tiers and is not taken."""
    bodies = ((sid_for(group.actions, tiers), _body(group, _full_name)) for group in groups)
    drafts = sorted((sid, minified(body), body) for sid, body in bodies)
    return _numbered([(sid, body) for sid, _, body in drafts], taken)


def _body(group: Group, name_of: Callable[[str], str]) -> Json:
    body: dict[str, object] = {
        "Effect": "Allow",
        "Principal": _principal_element(group.principals, name_of),
        "Action": _one_or_list(list(action_names(group.actions))),
    }
    return {**body, "Condition": condition_json(group.condition)} if group.condition else body


def _short_length(group: Group) -> int:
    return len(minified(_body(group, _short_name)))


def _full_name(name: str) -> str:
    return name


def _short_name(name: str) -> str:
    """Write an account as its bare id, which means the same as its root ARN."""
    arn = parse_arn(name)
    return arn.account if arn and arn.resource_type == "root" else name


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


def _principal_element(
    principals: tuple[Principal, ...], name_of: Callable[[str], str]
) -> Literal["*"] | dict[str, object]:
    if principals == (EVERYONE,):
        return "*"
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for principal in principals:
        by_kind[principal.kind] += map(name_of, principal.names)
    return {kind: _one_or_list(names) for kind, names in by_kind.items()}


def _one_or_list(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names
