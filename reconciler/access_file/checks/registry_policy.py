"""Checks what the file asks for in the registry's own policy, and its creation templates."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.access_file.desired import EntriesByName
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    child,
    items_of,
    place_at,
    texts_of,
)
from reconciler.access_file.model import AccessFile, Entry, PlacedRegistryStatement, PlacedStatement
from reconciler.access_file.sections.registries import RegistryPath
from reconciler.access_file.sections.registry import name_hint
from reconciler.access_file.sections.registry_parts import RegistryPart
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.policy import ArnPrefix, GlobIndex
from reconciler.printable import some_of

_FEW = 3
_COVERING = WorkLimit(1_000_000, "comparisons of patterns with each other")
_STATEMENTS = WorkLimit(1_000_000, "comparisons of registry_statements with names")
_CARRIERS = WorkLimit(1_000_000, "comparisons of registry_statements with registries")


def check_managed(
    root: Node, part: RegistryPart, access: AccessFile, problems: ProblemList
) -> None:
    """Report, once, what the registry's policy is to carry although the file does not manage it."""
    if access.registry.policy == "manage" or not isinstance(part.node, MappingNode):
        return
    entries = (pair.value for pair in part.entries)
    found = [("'via'", place_at(one, ("via",))) for one in entries if child(one, "via")]
    if access.registry_statements:
        found.append(("'registry_statements'", place_at(root, ("registry_statements",))))
    for what, place in found[:1]:
        message = f"{what} requires 'policy: manage' under {quote(part.path[0])}"
        hint = "write it there: reconcile then writes the registry's policy, too"
        other = place_at(root, (*part.path, "policy"))
        problems.error(RuleId.REGISTRY_POLICY_NOT_MANAGED, message, place, hint, other=other)


def check_inherit(combined: EntriesByName, problems: ProblemList) -> None:
    """Warn of `inherit: false` where the registry's policy gives access all the same."""
    for repository, (own, *others) in combined:
        if own.inherit:
            continue
        for other in others[:1]:
            message = (
                f"{quote(repository)} has the access of {quote(other.repository)} in spite of"
                " 'inherit: false': the registry's policy carries it"
            )
            hint = "remove via there, or inherit here"
            rule = RuleId.INHERITED_VIA_REGISTRY
            problems.warning(rule, message, own.place, hint, other=other.place)


def check_templates(entries: Sequence[Entry], problems: ProblemList) -> None:
    """Warn of each template that wins over one for more events.

    That the longest prefix wins, whatever its template is for, is assumed.
    """
    templates = {entry.repository: entry for entry in entries if entry.create_on}
    for pattern, longer in templates.items():
        shorter = next((templates[one] for one in _wider(pattern) if one in templates), longer)
        lost = set(shorter.create_on or ()).difference(longer.create_on or ())
        for event in sorted(lost):
            message = (
                f"the template of {quote(pattern)} most likely wins over that of "
                f"{quote(shorter.repository)}, and is not for {event}"
            )
            hint = f"add {event} to create_on here; else what {event} makes is born without access"
            rule = RuleId.TEMPLATE_SHADOWED
            problems.warning(rule, message, longer.place, hint, other=shorter.place)


def _wider(pattern: str) -> Iterator[str]:
    """Yield the patterns of shorter prefixes, the longest first: of `a/b/*`, `a/*` and `*`."""
    parts = pattern.split("/")[:-1]
    for number in range(len(parts) - 1, -1, -1):
        yield "/".join((*parts[:number], EVERY_REPOSITORY))


def find_carriers(
    root: Node,
    parts: Sequence[RegistryPart],
    statements: Iterable[PlacedRegistryStatement],
    problems: ProblemList,
) -> Mapping[Place, frozenset[RegistryPath]]:
    """Return the registries whose own policy is to carry each raw statement, by its place.

    These are the registries in which it matches a repository; the only one carries all. Reports
    each pattern that matches nothing in any of them. Raises TooLargeError.
    """
    nodes = {node.place: node for node in items_of(root, "registry_statements")}
    paths: dict[ArnPrefix, RegistryPath] = {}
    for part in parts:
        for scope in part.registry.scopes:
            paths.setdefault(scope.arn_prefix, part.path)
    prefixes, every = tuple(paths), frozenset(part.path for part in parts)
    carriers: dict[Place, frozenset[RegistryPath]] = {}
    for placed in statements:
        resources, node = placed.statement.resources, nodes[placed.place]
        problems.count(_CARRIERS, len(prefixes) * len(resources.patterns), placed.place)
        found = [dict(resources.unmatched(prefix)) for prefix in prefixes]
        own = zip(prefixes, found, strict=True)
        here = {paths[p] for p, reasons in own if not reasons.keys() >= {*resources.patterns}}
        carriers[placed.place] = frozenset(here) if len(every) > 1 else every
        for pattern in texts_of(node, "NotResource" if resources.excluded else "Resource"):
            if found and all(pattern.text in reasons for reasons in found):
                whys = dict.fromkeys(one[pattern.text].partition(": ")[0] for one in found)
                why = " and ".join(whys) if len(whys) <= _FEW else some_of(whys)
                message = f"{quote(pattern.text)} matches no repository here: {why}"
                hint = _resource_hint(pattern.text, prefixes)
                rule = RuleId.RESOURCE_MATCHES_NOTHING
                problems.error(rule, message, pattern.place, hint)
    return carriers


def _resource_hint(pattern: str, prefixes: Sequence[ArnPrefix]) -> str:
    """Return the hint that names the ARN to write, of the same repositories where they can be."""
    first = next((one for one in prefixes if one.account in pattern), prefixes[0])
    regions = {one.region for one in prefixes if one.account == first.account}
    prefix = first._replace(region="*") if len(regions) > 1 else first
    name = re.split(r"repository[/:]|:", pattern)[-1].strip()
    if name_hint(name):
        return f"write {prefix.repositories('NAME')}, with a repository's name or a pattern"
    return f"write {prefix.repositories(name)}"


def with_wider_patterns(
    access: AccessFile, combined: EntriesByName, problems: ProblemList
) -> EntriesByName:
    """Return the entries of each repository and pattern, a pattern with those that cover it.

    Only where they add up on a repository as soon as it exists: by the registry's policy, or by a
    creation template. A plan checks what adds up on live ones.
    """
    patterns, index = access.patterns, access.pattern_index
    found = dict(combined)
    for pattern, own in patterns.items():
        if own.via_registry or own.create_on:
            problems.count(_COVERING, index.count(pattern), own.place)
            wider = [patterns[one] for one in sorted(index.matching(pattern) - {pattern})]
            is_born = any(one.create_on for one in (own, *wider))
            found[pattern] = (own, *(one for one in wider if is_born or one.via_registry))
    return tuple(sorted(found.items()))


def with_registry_statements(
    access: AccessFile, combined: EntriesByName, problems: ProblemList
) -> EntriesByName:
    """Return the entries of each repository and pattern, with what `registry_statements` add.

    A statement becomes an entry with it alone for each pattern of names that its Resource stands
    for. An Allow counts where it may apply, a Deny where it certainly does, in every region. So
    patterns alone are judged, too, if no other entry matches them.
    """
    if not access.registry_statements:
        return combined
    by_name: defaultdict[str, list[Entry]] = defaultdict(list)
    for placed in access.registry_statements:
        for name in sorted(_names(placed, access)):
            own = (_as_of_repository(placed),)
            by_name[name].append(Entry(name, placed.place, statements=own, via_registry=True))
    patterns, written, added = access.patterns, access.pattern_index, GlobIndex(by_name)
    found = dict(combined)
    for name in by_name.keys() - found.keys():
        found[name] = tuple(patterns[pattern] for pattern in sorted(written.matching(name)))
    for name, entries in found.items():
        place = (*entries, *by_name.get(name, ()))[0].place
        problems.count(_STATEMENTS, added.count(name) + written.count(name), place)
        more = (one for pattern in sorted(added.matching(name)) for one in by_name[pattern])
        found[name] = (*entries, *more)
    return tuple(sorted(found.items()))


def of_repositories(access: AccessFile, combined: EntriesByName) -> EntriesByName:
    """Return the entries of each repository without what the registry's policy carries.

    A Deny there may make up for these, and is no reason to write them: others can remove it at any
    time. Empty where the file has no raw statements of that policy.
    """
    if not access.registry_statements:
        return ()
    return tuple(
        (name, own)
        for name, entries in combined
        if (own := tuple(one for one in entries if not one.via_registry))
    )


def _as_of_repository(placed: PlacedRegistryStatement) -> PlacedStatement:
    return PlacedStatement(placed.statement.statement, placed.place, placed.key_place)


def _names(placed: PlacedRegistryStatement, access: AccessFile) -> frozenset[str]:
    statement, resources, _ = placed.statement
    is_deny, scopes = statement.effect == "Deny", access.registry.scopes
    by_region = [resources.names(scope.arn_prefix, certain=is_deny) for scope in scopes]
    none = frozenset[str]()
    return frozenset.intersection(*by_region or [none]) if is_deny else none.union(*by_region)
