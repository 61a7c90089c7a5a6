"""Random registry policies, other spellings of them, and which repositories they are about.

What is not documented is tried in each way that it may be: those are the worlds.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import product
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from reconciler.policy.language.document import Document
from reconciler.policy.language.registry_document import RegistryDocument, read_registry_policy
from reconciler.policy.language.resources import ArnPrefix, Resources
from tests.policy.making import Json, doc
from tests.policy.random_policies import policies, rewritten

PREFIX = ArnPrefix("aws", "us-west-2", "111122223333")
NAMES = ("a", "app", "apps", "app/x", "b", "b/app", "x/a/app", "team", "team/app", "repository")
TEAM = "${aws:PrincipalTag/team}"


def at(name: str, first: str = str(PREFIX)) -> str:
    """Write the pattern of repositories with such a name."""
    return f"{first}:repository/{name}"


ALL = at("*")
_ELSEWHERE = "arn:aws:ecr:eu-west-1:111122223333"
_PATTERNS = [
    *("*", ALL, "arn:aws:ecr:*:*:*", "arn:aws:ecr:*:111122223333:repository/a*"),
    *(at(name) for name in ("app", "app/*", "a*", "a*p", "*a*", "ap?", "?*", "*/app", "b")),
    *(at(name, _ELSEWHERE) for name in ("*", "app")),
    *("arn:aws:ecr:us-west-2:*", "arn:aws:ecr", "arn:aws:ecr:*/app", "arn*app", "app"),
    *(at(TEAM), at(f"{TEAM}/*"), at(f"a*{TEAM}"), f"{PREFIX}:*{TEAM}"),
]
_first_fields = st.sampled_from([str(PREFIX), "arn:aws:ecr:*:*", _ELSEWHERE, "arn:*", "*"])
_names = st.text("*?abp/", min_size=1, max_size=7)
patterns = st.one_of(
    st.sampled_from(_PATTERNS),
    st.builds(lambda first, name: at(name, first), _first_fields, _names),
)
resources = st.builds(
    lambda element, found: {element: found},
    st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]),
    st.lists(patterns, min_size=1, max_size=4, unique=True),
)
registry_policies: st.SearchStrategy[list[Json]] = policies.flatmap(
    lambda found: st.lists(resources, min_size=len(found), max_size=len(found)).map(
        lambda parts: [{**s, **part} for s, part in zip(found, parts, strict=True)]
    )
)


def read_registry(policy: Sequence[object], version: str | None = "2012-10-17") -> RegistryDocument:
    """Read a registry's policy that is understood."""
    found = read_registry_policy(doc(*policy, version=version))
    assert isinstance(found, RegistryDocument), found
    return found


class World(NamedTuple):
    """One way in which a service may match: what is not documented, and what a request has."""

    fills: bool
    spans: bool
    team: str


WORLDS = tuple(World(*one) for one in product([True, False], [True, False], ["a", "team", "x/a"]))


def is_about(resources: Resources, name: str, world: World) -> bool:
    """Whether a statement is about a repository, without the code that this tests."""
    found = any(_is_match(pattern, resources, name, world) for pattern in resources.patterns)
    return found is not resources.excluded


def _is_match(pattern: str, resources: Resources, name: str, world: World) -> bool:
    arn = at(name)
    if resources.has_variables:
        pattern = pattern.replace(TEAM, world.team)
    fields = pattern.split(":", 5)
    if not pattern.strip("*") or (world.spans and fnmatchcase(arn, pattern)):
        return True
    if len(fields) < 6 and not world.fills:
        return False
    fields += ["*"] * (6 - len(fields))
    return all(map(fnmatchcase, arn.split(":"), fields))


def statements_about(document: RegistryDocument, name: str, world: World) -> Document:
    """Return the statements about a repository as those of one policy."""
    found = (s.statement for s in document.statements if is_about(s.resources, name, world))
    return Document(document.version, tuple(found))


def rewritten_registry(policy: Iterable[Json], random: Random) -> list[Json]:
    """Write a registry's policy otherwise: split, doubled, shuffled and spelled anew."""
    found: list[Json] = []
    for statement in policy:
        rest = {k: v for k, v in statement.items() if k not in ("Resource", "NotResource")}
        for part in rewritten([rest], random):
            part.pop("Resource", None)
            found += [{**part, **element} for element in _elements(statement, random)]
    random.shuffle(found)
    return found


def _elements(statement: Json, random: Random) -> list[Json]:
    (element,) = {"Resource", "NotResource"} & statement.keys()
    written = statement[element]
    assert isinstance(written, list)
    spelled = [_spelled(pattern, random) for pattern in random.sample(written, k=len(written))]
    if element == "NotResource":
        return [{element: spelled}]
    cut = random.randint(0, len(spelled))
    halves = [half for half in (spelled[:cut], spelled[random.randint(0, cut) :]) if half]
    return [{element: half[0] if len(half) == 1 else half} for half in halves]


def _spelled(pattern: str, random: Random) -> str:
    if "${" in pattern:
        return pattern
    is_all = pattern in ("*", ALL)
    if is_all:
        pattern = random.choice(["*", ALL, f"{PREFIX}:*", f"{PREFIX}:re*/*"])
    elif pattern.startswith(f"{PREFIX}:"):
        first = random.choice([str(PREFIX), "arn:*:ecr:us-west-?:*", "arn:aws:ecr:*:111122223333"])
        pattern = pattern.replace(str(PREFIX), first)
    return re.sub(r"\*", lambda _: random.choice(["*", "*", "**", "***"]), pattern)
