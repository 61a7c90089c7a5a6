"""What a result says of its access file: where it comes from, and the file's names."""

from collections import defaultdict

from reconciler.access_file.model import display_names_of
from reconciler.model.access import DisplayNames
from reconciler.plan.origin import Origin, PlannedRegistry, ReadFile, origin_of
from reconciler.workflow.file.source import AccessSource


def origin_of_file(source: AccessSource) -> Origin:
    """Return what a result is made from: the file, and its registries with all their regions."""
    left_out = tuple(dict.fromkeys(one.registry.name or "" for one in source.left_out))
    regions: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
    for registry in source.registries:
        regions[registry.account, registry.name].extend(registry.regions)
    is_one = len(regions) == 1 and not left_out
    registries = (
        PlannedRegistry(account, tuple(own), None if is_one else name)
        for (account, name), own in regions.items()
    )
    rules = tuple(ReadFile(one.path, one.sha256) for one in source.rules)
    return origin_of(source.path, source.sha256, registries, left_out, rules)


def names_of_file(source: AccessSource) -> DisplayNames:
    """Return the file's names, for what is in any of its registries."""
    parts = [display_names_of(part) for part in source.parts]
    origin = origin_of_file(source)
    named = {one for part in parts for one in part.principals}
    return DisplayNames(
        {name: tier for part in parts for name, tier in part.tiers.items()},
        tuple(sorted(named, key=lambda one: (one.name or "", one.principal))),
        parts[0].accounts,
        origin.names,
        origin.left_out,
    )
