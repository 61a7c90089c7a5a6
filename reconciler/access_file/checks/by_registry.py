"""The problems of a file's parts as those of the file: each once, with the registries it is in."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, Problem, ProblemList, quote
from reconciler.access_file.document.tree import Node, items_of, pairs_of, places_in
from reconciler.access_file.sections.names import used_principals
from reconciler.access_file.sections.registry_parts import RegistryPart
from reconciler.model.rules import RuleId
from reconciler.printable import some_of

_ABOUT_REGISTRY = frozenset(
    {RuleId.WRONG_PARTITION, RuleId.WRONG_REGION, RuleId.REGISTRY_POLICY_NOT_MANAGED}
)
"""Rules whose messages are about the registry: which one, is always said."""

_PRINCIPALS, _REPOSITORIES = "principals", "repositories"
_REGISTRIES, _STATEMENTS = "registries", "registry_statements"


class CheckedPart(NamedTuple):
    """A part of a file and its problems: `shared` with other parts of the partition, and its own.

    `carried` are the places of the raw statements that its registry's policy carries.
    """

    part: RegistryPart
    carried: frozenset[Place]
    shared: ProblemList
    own: ProblemList


_Item = tuple[str, object]
"""A part of the file that not all registries use: the key that it stands under, and which it is."""


class _Uses(NamedTuple):
    """What each place of the file belongs to, and what each part uses; an alias has several."""

    items: Mapping[Place, set[_Item]]
    used: Sequence[frozenset[_Item]]

    def using(self, place: Place) -> frozenset[int]:
        """Return the parts that use what stands at a place."""
        return self._parts(self.items.get(place, set()))

    def reading(self, place: Place) -> frozenset[int]:
        """Return the parts that read a place: where there is no other, all."""
        items = self.items.get(place, set())
        here = self._parts({item for item in items if item[0] != _PRINCIPALS})
        return here or frozenset(range(len(self.used)))

    def _parts(self, items: Set[_Item]) -> frozenset[int]:
        return frozenset(
            number
            for number, used in enumerate(self.used)
            if not items or not used.isdisjoint(items)
        )


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
            same[problem._replace(hint=None, suggested=None)][number] = problem
            everywhere[problem.rule, problem.place].add(number)
    uses: _Uses | None = None
    for found in same.values():
        problem = next((one for one in found.values() if one.hint), next(iter(found.values())))
        if len(found) < len(parts):
            uses = uses or _uses(root, parts)
            using = uses.using(problem.place) & found.keys()
            is_everywhere = len(everywhere[problem.rule, problem.place]) == len(parts)
            if not using and not (is_everywhere and 0 in found):
                continue
            if problem.rule in _ABOUT_REGISTRY or using != uses.reading(problem.place):
                where = _name([one.part for one in parts], using or found.keys())
                problem = problem._replace(message=f"{where}: {problem.message}")
        yield problem


def _uses(root: Node, parts: Sequence[CheckedPart]) -> _Uses:
    items: defaultdict[Place, set[_Item]] = defaultdict(set)
    nodes: list[tuple[_Item, Node]] = []
    for key in (_PRINCIPALS, _REPOSITORIES, "guards", "unmanaged"):
        for pair in pairs_of(root, key):
            nodes += [((key, pair.key.text), pair.key), ((key, pair.key.text), pair.value)]
    for key in (_REGISTRIES, _STATEMENTS):
        nodes += [((key, node.place), node) for node in items_of(root, key)]
    for item, node in nodes:
        for place in places_in(node):
            items[place].add(item)
    return _Uses(items, tuple(_used_items(root, one) for one in parts))


def _used_items(root: Node, checked: CheckedPart) -> frozenset[_Item]:
    """Return what a part uses. What stands under `guards` and `unmanaged` is for all."""
    part = checked.part
    used: set[_Item] = {(_REPOSITORIES, pair.key.text) for pair in part.entries}
    used |= {(_PRINCIPALS, name) for name in used_principals(root, part.entries)}
    used |= {(_STATEMENTS, place) for place in checked.carried}
    if part.node:
        used.add((_REGISTRIES, part.node.place))
    return frozenset(used)


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
