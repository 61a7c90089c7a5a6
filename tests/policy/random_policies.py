"""Random valid policies, and random ways to write the same one otherwise."""

import copy
from collections.abc import Callable
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from tests.policy.making import ACCOUNT, LAMBDA, OTHER_ACCOUNT, ROLE, ROLE_B, ROOT, USER, Json

Item = TypeVar("Item")
Spell = Callable[[object, Random], object]

PRINCIPALS = [ROOT, ROLE, ROLE_B, USER, f"arn:aws:iam::{OTHER_ACCOUNT}:root", "*"]
ACTIONS = [
    "ecr:BatchGetImage",
    "ecr:PutImage",
    "ecr:Put*",
    "ecr:PutImag?",
    "ecr:*",
    "*",
    "e*:*",
    "ecr:FlyToTheMoon",
    "ecr:GetAuthorizationToken",
    "s3:Get*",
]
IDLE = ["s3:GetObject", "sts:*", "ecr:GetAuthorizationToken"]
"""Exceptions of a NotAction that are none."""
MOMENTS = [
    "2026-12-01T00:00:00Z",
    "2026-12-01T01:00:00+01:00",
    "2026-11-30T20:00-04:00",
    "1796083200",
]
"""One moment, written otherwise."""
SERVICES = ["lambda.amazonaws.com", "codebuild.amazonaws.com"]
CLAUSES: list[tuple[str, str, list[object]]] = [
    ("StringEquals", "aws:PrincipalOrgID", ["o-1"]),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["o-1/*", "o-2/*"]),
    ("ArnLike", "aws:PrincipalArn", [ROLE, ROLE_B]),
    ("ArnNotEqualsIfExists", "aws:PrincipalArn", [ROLE]),
    ("IpAddress", "aws:SourceIp", ["203.0.113.7", "203.0.113.0/24"]),
    ("Bool", "aws:SecureTransport", [True]),
    ("NumericLessThan", "aws:MultiFactorAuthAge", [5, 60]),
    ("StringLike", "aws:PrincipalTag/team", ["a", "b", "c"]),
    ("DateLessThan", "aws:CurrentTime", [MOMENTS[0]]),
    ("DateNotEquals", "aws:TokenIssueTime", [MOMENTS[0], "2026-12-02"]),
]

_STRINGS = ("StringEquals", "StringLike")
_SAME: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws:PrincipalOrgID": (_STRINGS,),
    "aws:PrincipalTag/team": (_STRINGS,),
    "aws:PrincipalArn": (
        (*_STRINGS, "ArnEquals", "ArnLike"),
        (
            "StringNotEqualsIfExists",
            "StringNotLikeIfExists",
            "ArnNotEqualsIfExists",
            "ArnNotLikeIfExists",
        ),
    ),
}
"""Operators that say the same of values without wildcards."""


def _some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True)


principal_elements: st.SearchStrategy[object] = st.one_of(
    st.just("*"),
    st.fixed_dictionaries({"AWS": _some(PRINCIPALS)}, optional={"Service": _some(SERVICES)}),
    st.just(LAMBDA),
)
conditions = st.lists(st.sampled_from(CLAUSES), max_size=2, unique_by=lambda c: c[:2]).map(
    lambda clauses: {operator: {key: list(values)} for operator, key, values in clauses}
)
statements: st.SearchStrategy[Json] = st.builds(
    lambda effect, who, what, when: {"Effect": effect, **who, **what, "Condition": when},
    st.sampled_from(["Allow", "Deny"]),
    st.one_of(
        principal_elements.map(lambda element: {"Principal": element}),
        _some(PRINCIPALS).map(lambda names: {"NotPrincipal": {"AWS": names}}),
    ),
    st.one_of(
        _some(ACTIONS).map(lambda actions: {"Action": actions}),
        _some(ACTIONS).map(lambda actions: {"NotAction": actions}),
    ),
    conditions,
)
policies = st.lists(statements, min_size=1, max_size=5)


def rewritten(policy: list[Json], random: Random) -> list[Json]:
    """Write a policy otherwise: split, doubled, shuffled and spelled anew."""
    parts = [part for statement in policy for part in _split(statement, random)]
    parts += random.sample(parts, k=random.randint(0, len(parts)))
    random.shuffle(parts)
    return [_spelled(copy.deepcopy(part), random) for part in parts]


def _split(statement: Json, random: Random) -> list[Json]:
    parts = [statement]
    if random.random() < 0.5:
        parts = [{**p, "Action": a} for p in parts for a in _halves(p.get("Action"), random)]
    if random.random() < 0.5:
        parts = [{**p, "Principal": q} for p in parts for q in _kinds(p.get("Principal"), random)]
    return [{k: v for k, v in part.items() if v is not None} for part in parts]


def _halves(values: object, random: Random) -> list[object]:
    if not isinstance(values, list) or len(values) < 2:
        return [values]
    at = random.randint(1, len(values) - 1)
    overlap = random.randint(0, at)
    return [values[:at], values[overlap:]]


def _kinds(element: object, random: Random) -> list[object]:
    if not isinstance(element, dict):
        return [element]
    return [{kind: half} for kind, names in element.items() for half in _halves(names, random)]


def _spelled(statement: Json, random: Random) -> Json:
    if "NotAction" in statement:
        idle = [name for name in IDLE if random.random() < 0.3]
        statement["NotAction"] = [*_as_list(statement["NotAction"]), *idle]
    for name in ("Action", "NotAction"):
        if name in statement:
            statement[name] = _listed(statement[name], random, _action)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            statement[name] = _principal(statement[name], random)
    block = statement.pop("Condition", {})
    assert isinstance(block, dict)
    if block or random.random() < 0.5:
        statement["Condition"] = _condition(block, random)
    if random.random() < 0.5:
        statement["Sid"] = f"Sid{random.randint(0, 3)}"
    if random.random() < 0.3:
        statement["Resource"] = random.choice(["*", ["*"]])
    return dict(_shuffled(list(statement.items()), random))


def _condition(block: Json, random: Random) -> Json:
    written: dict[str, Json] = {}
    for operator, keys in _shuffled(list(block.items()), random):
        assert isinstance(keys, dict)
        for key, values in keys.items():
            of_twin = written.setdefault(_twin(operator, key, random), {})
            of_twin[_recased(key, random)] = _listed(values, random, _scalar)
    return dict(written)


def _principal(element: object, random: Random) -> object:
    if not isinstance(element, dict):
        return random.choice(["*", {"AWS": "*"}, {"AWS": ["*", "*"]}])
    if element in ({"AWS": "*"}, {"AWS": ["*"]}) and random.random() < 0.5:
        return "*"
    return {kind: _listed(names, random, _account) for kind, names in element.items()}


def _listed(values: object, random: Random, spell: Spell) -> object:
    items = _as_list(values)
    spelled = [spell(item, random) for item in _shuffled(items, random)]
    if random.random() < 0.2:
        spelled.append(spell(random.choice(items), random))
    return spelled[0] if len(spelled) == 1 and random.random() < 0.5 else spelled


def _as_list(values: object) -> list[object]:
    return values if isinstance(values, list) else [values]


def _action(name: object, random: Random) -> str:
    every = name in ("*", "ecr:*") and random.random() < 0.5
    return random.choice(["*", "**", "ecr:*"]) if every else _recased(name, random)


def _recased(name: object, random: Random) -> str:
    return "".join(random.choice([char.upper(), char.lower()]) for char in str(name))


def _account(name: object, random: Random) -> object:
    return ACCOUNT if name == ROOT and random.random() < 0.5 else name


def _scalar(value: object, random: Random) -> object:
    if random.random() < 0.5:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if value in MOMENTS:
        return random.choice(MOMENTS)
    return "203.0.113.7/32" if value == "203.0.113.7" else str(value)


def _twin(operator: str, key: str, random: Random) -> str:
    """Give an operator that says the same of a key's values in `CLAUSES`."""
    same = next((names for names in _SAME.get(key, ()) if operator in names), (operator,))
    return random.choice(same)


def _shuffled(items: list[Item], random: Random) -> list[Item]:
    return random.sample(items, k=len(items))
