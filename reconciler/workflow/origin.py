"""What a result says of its access file: where it comes from, and the file's names."""

from reconciler.access_file.model import display_names_of
from reconciler.model.access import DisplayNames
from reconciler.plan.saved_plan import Origin, origin_of
from reconciler.workflow.source import AccessSource


def origin_of_file(source: AccessSource) -> Origin:
    """Return what a result is made from: the file, and its registries with all their regions."""
    registry = source.parts[0].registry
    return origin_of(source.path, source.content, registry.account, registry.regions)


def names_of_file(source: AccessSource) -> DisplayNames:
    """Return the file's names, for what is in any of its registries."""
    parts = [display_names_of(part) for part in source.parts]
    named = {one for part in parts for one in part.principals}
    return DisplayNames(
        {name: tier for part in parts for name, tier in part.tiers.items()},
        tuple(sorted(named, key=lambda one: (one.name or "", one.principal))),
        parts[0].accounts,
        {
            scope: part.name.name
            for part in source.each_part()
            if part.name
            for scope in part.access.registry.scopes
        },
    )
