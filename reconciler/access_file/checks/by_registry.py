"""The problems of a file's parts as those of the file: each once, with the registries it is in."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, Problem, ProblemList, quote
from reconciler.access_file.document.tree import Node, child, items_of, pairs_of, places_in
from reconciler.access_file.sections.names import used_principals
from reconciler.access_file.sections.registry_parts import RegistryPart
from reconciler.model.rules import RuleId
from reconciler.printable import some_of

_ABOUT_REGISTRY = frozenset(
    {RuleId.WRONG_PARTITION, RuleId.WRONG_REGION, RuleId.REGISTRY_POLICY_NOT_MANAGED}
)
"""Rules whose messages are about the registry: which one, is always said."""


class CheckedPart(NamedTuple):
    """A part of a file and its problems: `shared` with other parts of the partition, and its own.

    `carried` are the places of the raw statements that its registry's policy carries.
    """

    part: RegistryPart
    carried: frozenset[Place]
    shared: ProblemList
    own: ProblemList


class _Lines(NamedTuple):
    """The places of what a part has and others may not have, and of what it does not use."""

    own: frozenset[Place]
    unused: frozenset[Place]


def problems_of(root: Node, parts: Sequence[CheckedPart]) -> Iterator[Problem]:
    """Yield each problem of the parts once; one that only some have says in which registries.

    What a part does not use is a problem only if it is one in every part, and then the first of
    them: for example, a principal of another partition may be one that entries of another registry
    use.
    """
    same: defaultdict[Problem, dict[int, Problem]] = defaultdict(dict)
    everywhere: defaultdict[tuple[RuleId, Place], set[int]] = defaultdict(set)
    for number, one in enumerate(parts):
        for problem in {**one.shared.found, **one.own.found}:
            # The hint may differ: it is left out where too many names were compared.
            same[problem._replace(hint=None)][number] = problem
            everywhere[problem.rule, problem.place].add(number)
    lines: tuple[_Lines, ...] = ()
    for found in same.values():
        problem = next((one for one in found.values() if one.hint), next(iter(found.values())))
        place = problem.place
        if len(found) < len(parts):
            lines = lines or tuple(_lines_of(root, one) for one in parts)
            using = {n for n in found if place in lines[n].own or place not in lines[n].unused}
            if not using and not _is_first(found, everywhere[problem.rule, place], len(parts)):
                continue
            having = {n for n, one in enumerate(lines) if place in one.own}
            if problem.rule in _ABOUT_REGISTRY or using != (having or set(range(len(parts)))):
                where = _name([one.part for one in parts], using or found.keys())
                problem = problem._replace(message=f"{where}: {problem.message}")
        yield problem


def _is_first(found: Collection[int], everywhere: Collection[int], parts: int) -> bool:
    """Whether a problem is in the first part, and one of its rule at its place in every part."""
    return 0 in found and len(everywhere) == parts


def _lines_of(root: Node, checked: CheckedPart) -> _Lines:
    part = checked.part
    used = used_principals(root, part.entries)
    own = [part.node, *(pair.value for pair in part.entries)]
    unused = [child(root, "guards"), child(root, "unmanaged")]
    unused += [one.value for one in pairs_of(root, "principals") if one.key.text not in used]
    unused += [pair.value for pair in part.strays]
    for statement in items_of(root, "registry_statements"):
        (own if statement.place in checked.carried else unused).append(statement)
    keys = frozenset(pair.key.place for pair in part.entries)
    return _Lines(keys | _places(own), _places(unused))


def _places(nodes: Collection[Node | None]) -> frozenset[Place]:
    return frozenset(place for node in nodes if node for place in places_in(node))


def _name(parts: Sequence[RegistryPart], numbers: Collection[int]) -> str:
    """Name the registries of some parts, and their regions where other regions are not meant."""
    names: list[str] = []
    for path in dict.fromkeys(parts[number].path for number in sorted(numbers)):
        every = {number: part.registry for number, part in enumerate(parts) if part.path == path}
        here = [registry for number, registry in every.items() if number in numbers]
        name = quote(here[0].name or here[0].account) if len(path) > 1 else ""
        regions = ", ".join(region for one in here for region in one.regions)
        names.append(name if len(here) == len(every) else f"{name} {regions}".strip())
    if len(parts[0].path) == 1:
        return f"in {some_of(names)}"
    return f"in the {'registry' if len(names) == 1 else 'registries'} {some_of(names)}"
