"""Reads `registry`, or `registries`: the registries of a file, which must be told apart."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    ScalarNode,
    child,
    items_of,
    place_at,
    text_of,
    texts_of,
)
from reconciler.access_file.model import Registry
from reconciler.closest import closest
from reconciler.model.registry import AssumedRole
from reconciler.model.rules import RuleId
from reconciler.policy import ACCOUNT_ID, partition_of_region

RegistryPath = tuple[str | int, ...]
"""The keys and indexes that lead to a registry in the file."""

_SECTION = "registries"


class PlacedRegistry(NamedTuple):
    """A registry, its node in the file, and the path that leads there."""

    registry: Registry
    node: Node | None
    path: RegistryPath


def read_registries(root: Node, problems: ProblemList) -> tuple[PlacedRegistry, ...]:
    """Read the registries of a file, at least one; of several, each needs a name of its own.

    Invalid parts, which the schema reports, are empty.
    """
    nodes = items_of(root, _SECTION)
    if not nodes:
        only = child(root, "registry")
        found = [PlacedRegistry(_read_registry(only, problems), only, ("registry",))]
    else:
        found = [
            PlacedRegistry(_read_registry(node, problems), node, (_SECTION, number))
            for number, node in enumerate(nodes)
        ]
    _check_regions(found, problems)
    if len(found) > 1:
        _check_names(root, found, problems)
    return tuple(found)


def _read_registry(node: Node | None, problems: ProblemList) -> Registry:
    regions = texts_of(node, "regions")
    partitions = {partition_of_region(region.text): region for region in regions}
    if len(partitions) > 1:
        message = f"the regions are in several partitions: {', '.join(partitions)}"
        place = list(partitions.values())[1].place
        hint = "write a registry for each partition, under registries"
        problems.error(RuleId.MIXED_PARTITIONS, message, place, hint)
    return Registry(
        account=text_of(node, "account") or "",
        regions=tuple(region.text for region in regions),
        partition=next(iter(partitions), "aws"),
        assume_role=_read_role(child(node, "assume_role")),
        probe_repository=text_of(node, "probe_repository"),
        policy=_read_policy(text_of(node, "policy")),
        name=text_of(node, "name"),
        profile=text_of(node, "profile"),
    )


def _read_role(node: Node | None) -> AssumedRole | None:
    arn = text_of(node) or text_of(node, "role_arn")
    if arn is None:
        return None
    return AssumedRole(arn, text_of(node, "external_id"), text_of(node, "session_name"))


def _read_policy(text: str | None) -> Literal["ignore", "report", "manage"]:
    match text:
        case "ignore" | "manage":
            return text
        case _:
            return "report"


def check_repeated(items: Iterable[ScalarNode], noun: str, problems: ProblemList) -> None:
    """Report each text of a list that an earlier item has, too."""
    places: dict[str, Place] = {}
    for item in items:
        if item.text in places:
            message = f"duplicate {noun} {quote(item.text)}"
            problems.error(RuleId.BAD_VALUE, message, item.place, other=places[item.text])
        places[item.text] = item.place


def _check_regions(found: Sequence[PlacedRegistry], problems: ProblemList) -> None:
    """Report each region that an account has twice, in one registry or in two."""
    earlier: dict[tuple[str, str], Place] = {}
    for one in found:
        regions, account = texts_of(one.node, "regions"), one.registry.account
        check_repeated(regions, "region", problems)
        here = {(account, region.text): region.place for region in reversed(regions)}
        for scope in here.keys() & earlier.keys() if ACCOUNT_ID.fullmatch(account) else ():
            message = f"the account {account} has another registry in {quote(scope[1])}"
            hint = "write each account and region in one registry only"
            problems.error(RuleId.BAD_VALUE, message, here[scope], hint, other=earlier[scope])
        earlier = {**here, **earlier}


def _check_names(root: Node, found: Sequence[PlacedRegistry], problems: ProblemList) -> None:
    """Report each registry without a name, and each name of two."""
    places: dict[str, Place] = {}
    for registry, node, path in found:
        name, place = registry.name, place_at(root, (*path, "name"))
        if name is not None and name in places:
            message = f"two registries have the name {quote(name)}"
            hint = "rename one of them"
            problems.error(RuleId.NAME_CLASH, message, place, hint, other=places[name])
        elif name is not None:
            places[name] = place
        elif isinstance(node, MappingNode) and not any(closest(k, ("name",)) for k in node.pairs):
            message = "missing key 'name': one of several registries needs a name"
            hint = "for example name: central"
            problems.error(RuleId.MISSING_KEY, message, node.place, hint)
