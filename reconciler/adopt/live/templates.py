"""Creation templates as a file can say them: `create_on` of the entry for their prefix."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.adopt.live.registry_policy import Unmanaged
from reconciler.adopt.live.survey import OF_ALL_REGIONS
from reconciler.adopt.yaml_text import Value
from reconciler.model.registry import REPOSITORY_NAME, LiveRegistry, ReadFailure
from reconciler.model.templates import (
    APPLIED_FOR,
    CREATE_ON,
    EVERY_REPOSITORY,
    ROOT,
    CreateOn,
    CreationTemplate,
    template_pattern,
    template_prefix,
)

CREATION_TEMPLATES = "the creation templates"


class Templates(NamedTuple):
    """The templates that a file may say, by the pattern of their entry, and why not the others."""

    create_on: Mapping[str, tuple[CreateOn, ...]]
    unmanaged: tuple[Unmanaged, ...] = ()


NO_TEMPLATES = Templates({})


def survey_templates(
    registries: Sequence[LiveRegistry], described: Collection[str] = frozenset()
) -> Templates:
    """Sort the templates of a registry, given in its regions; not those of `described` entries."""
    found: dict[str, list[CreationTemplate]] = {}
    for registry in registries:
        if registry.templates is None:
            return NO_TEMPLATES
        if isinstance(registry.templates, ReadFailure):
            return Templates({}, (Unmanaged(CREATION_TEMPLATES, registry.templates.message),))
        for template in registry.templates:
            found.setdefault(template.prefix.rstrip("/"), []).append(template)
    create_on: dict[str, tuple[CreateOn, ...]] = {}
    unmanaged: list[Unmanaged] = []
    for prefix, of_regions in sorted(found.items()):
        if template_pattern(prefix) in described:
            continue
        reason = _reason_against(prefix, of_regions, len(registries))
        if reason:
            unmanaged.append(Unmanaged(template_name(prefix), reason))
        else:
            words = {CREATE_ON[word] for word in of_regions[0].applied_for}
            create_on[template_pattern(prefix)] = tuple(one for one in APPLIED_FOR if one in words)
    return Templates(create_on, tuple(unmanaged))


def template_name(prefix: str) -> str:
    """Name a template as people read it."""
    return f"the creation template {prefix}"


def with_create_on(
    entries: Mapping[str, Value],
    create_on: Mapping[str, tuple[CreateOn, ...]],
    may_have: Callable[[str], bool],
) -> tuple[dict[str, Value], tuple[Unmanaged, ...]]:
    """Add the templates to the entries for their prefixes, and say which have none.

    `may_have` allows an entry for a pattern. There is none for the whole registry for the sake of a
    template: it would make every repository a managed one.
    """
    found = dict(entries)
    unmanaged: list[Unmanaged] = []
    for pattern, events in create_on.items():
        entry = found.get(pattern)
        if entry is None and pattern != EVERY_REPOSITORY and may_have(pattern):
            entry = {"access": {}}
        if isinstance(entry, Mapping):
            found[pattern] = {"create_on": list(events), **entry}
        else:
            reason = f'the import writes no entry for "{pattern}"'
            unmanaged.append(Unmanaged(template_name(template_prefix(pattern)), reason))
    return dict(sorted(found.items())), tuple(unmanaged)


def _reason_against(prefix: str, of_regions: Sequence[CreationTemplate], regions: int) -> str:
    """Return why a file can't say a template; empty where it can."""
    applied_for = {template.applied_for for template in of_regions}
    if len(of_regions) < regions or len(applied_for) > 1:
        return f"it is not the same in all regions, and {OF_ALL_REGIONS}"
    if prefix != ROOT and not REPOSITORY_NAME.fullmatch(prefix):
        return f'an entry "{template_pattern(prefix)}" can\'t have a template'
    return ", ".join(_unknown(*applied_for))


def _unknown(applied_for: Sequence[str]) -> Iterator[str]:
    if not applied_for:
        yield "it applies to nothing"
    for word in applied_for:
        if word not in CREATE_ON:
            yield f"a file has no word for {word}"
