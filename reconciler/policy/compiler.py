"""From grants to a policy's text: the same access always gives the same bytes."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from reconciler.policy.conditions import Condition, condition_json
from reconciler.policy.document import VERSION
from reconciler.policy.facts import Actions, Facts
from reconciler.policy.principals import EVERYONE, Principal
from reconciler.policy.tiers import Tiers, tiers_within

MAX_POLICY_CHARACTERS = 10_240
"""The service's limit on policyText (ECR API Reference, SetRepositoryPolicy)."""

SID_PREFIX = "EcrAccess"
"""Starts every Sid that is written here; under `unmanaged.statements.default: keep`, the mark of
our own statements."""

Json = Mapping[str, object]


def compile_policy(facts: Facts, statements: Iterable[Json], tiers: Tiers) -> str | None:
    """Write the policy that allows these facts and carries these raw statements.

    The facts are reduced, and all of them Allow. Gives minified JSON, or None where there is
    nothing to say: the service takes no policy without a statement.
    """
    compiled = [*_statements(facts, tiers), *sorted(statements, key=minified)]
    return minified({"Version": VERSION, "Statement": compiled}) if compiled else None


def minified(value: object) -> str:
    """Write JSON in the fewest characters, keeping the order of keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


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


def _statements(facts: Facts, tiers: Tiers) -> list[Json]:
    sharing: defaultdict[tuple[bool, Condition, Actions], list[Principal]] = defaultdict(list)
    for holder, actions in facts.items():
        sharing[holder.principal == EVERYONE, holder.condition, actions].append(holder.principal)
    drafts = []
    for (_, condition, actions), principals in sharing.items():
        body: dict[str, object] = {
            "Effect": "Allow",
            "Principal": _principal_element(principals),
            "Action": _one_or_list(sorted(str(action) for action in actions)),
        }
        if condition:
            body["Condition"] = condition_json(condition)
        drafts.append((sid_for(actions, tiers), minified(body), body))
    drafts.sort(key=lambda draft: draft[:2])
    return list(_numbered([(sid, body) for sid, _, body in drafts]))


def _numbered(drafts: Sequence[tuple[str, Json]]) -> Iterable[Json]:
    used = {sid for sid, _ in drafts}
    numbers: Counter[str] = Counter()
    for sid, body in drafts:
        numbers[sid] += 1
        name = sid
        if numbers[sid] > 1:
            while (name := f"{sid}{numbers[sid]}") in used:
                numbers[sid] += 1
            used.add(name)
        yield {"Sid": name, **body}


def _principal_element(principals: Iterable[Principal]) -> Literal["*"] | dict[str, object]:
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for principal in sorted(principals):
        if principal == EVERYONE:
            return "*"
        by_kind[principal.kind].extend(principal.names)
    return {kind: _one_or_list(names) for kind, names in by_kind.items()}


def _one_or_list(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names
