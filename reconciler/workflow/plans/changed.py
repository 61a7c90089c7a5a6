"""What of a registry a run is limited to, where only changes of the file since a revision count."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reconciler.access_file.desired import managed_names, reads_templates
from reconciler.access_file.model import AccessFile
from reconciler.access_file.versions import VersionDifference, without_requests
from reconciler.model.registry import LiveRegistry, LiveTemplates, RegistryScope, template_target
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.registry_policy.effect import touched_repositories
from reconciler.policy import globs_intersect
from reconciler.printable import number_of
from reconciler.workflow.file.source import AccessSource, Globs, selected
from reconciler.workflow.live.registries import ToRead


@dataclass(frozen=True)
class ChangedPart:
    """The part of a difference that `globs` select, in one registry and region.

    The registry is listed only where a pattern or the registry's own policy differs. Otherwise the
    names of the file are all that can differ, and they are read directly. `replicas` are the
    replicated repositories of it that differ in any registry and region: where one is missing, it
    matters whether it exists elsewhere. `touched` are those on which the registry's own policy
    changes access.
    """

    difference: VersionDifference
    globs: Globs
    replicas: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()

    @cached_property
    def named(self) -> frozenset[str]:
        """The repositories that either version of the file names."""
        return self.among(())

    @cached_property
    def patterns(self) -> frozenset[str]:
        """The patterns that other repositories may differ by."""
        return self._selected(self.difference.patterns)

    @cached_property
    def removed(self) -> frozenset[str]:
        """The names and patterns that the file no longer manages."""
        return self._selected(self.difference.removed)

    @property
    def registry_policy(self) -> bool:
        """Whether the registry's own policy is part of it; `*` alone selects that."""
        return self.difference.registry_policy and selected(EVERY_REPOSITORY, self.globs)

    @property
    def templates(self) -> frozenset[str]:
        """The patterns whose creation templates are part of it."""
        differing = self.difference.templates
        return frozenset(pattern for pattern in differing if selected(pattern, self.globs))

    @property
    def lists(self) -> bool:
        """Whether the repositories have to be listed."""
        return bool(self.patterns) or self.registry_policy

    def _selected(self, patterns: Iterable[str]) -> frozenset[str]:
        return frozenset(
            pattern
            for pattern in patterns
            if not self.globs or any(globs_intersect(glob, pattern) for glob in self.globs)
        )

    def among(self, listed: Iterable[str]) -> frozenset[str]:
        """Return the repositories that are part of it, also such as are not live."""
        differing = self.difference.repositories(listed) | self.replicas | self.touched
        return frozenset(name for name in differing if selected(name, self.globs))

    def to_read(self, *, registry_policy: bool) -> ToRead:
        """Return what is read of the registry.

        With `registry_policy`, that counts beside the policies of the repositories.
        """

        def select(names: tuple[str, ...]) -> list[str]:
            return sorted(self.among(names).intersection(names))

        return ToRead(
            select,
            tuple(sorted(self.named)),
            self.lists,
            registry_policy and (self.lists or bool(self.named)),
            bool(self.templates) and reads_templates(self.difference.newer),
        )

    def inputs(self, inputs: PlanInputs) -> PlanInputs:
        """Return what a plan takes from the file without what is not part of it."""
        templates = inputs.templates and tuple(
            one for one in inputs.templates if one.pattern in self.templates
        )
        of_registry = inputs.registry_policy if self.registry_policy else None
        return inputs._replace(registry_policy=of_registry, templates=templates)

    def live_templates(self, live: LiveRegistry) -> LiveTemplates:
        """Return the live creation templates that are part of it."""
        if not isinstance(live.templates, tuple):
            return live.templates
        return tuple(
            one
            for one in live.templates
            if template_target(one.prefix, live.scope).pattern in self.templates
        )

    def not_read(self, live: LiveRegistry) -> int | None:
        """Count the managed repositories that were not read; None where it is unknown."""
        if not self.lists or live.failure is not None:
            return None
        return len(managed_names(self.difference.newer, live.names)) - len(live.repositories)


def changed_parts(
    source: AccessSource, older: Sequence[AccessFile], globs: Globs
) -> Mapping[RegistryScope, ChangedPart]:
    """Return what the file changes in each registry and region; in a new one, all that it says."""
    found: dict[RegistryScope, ChangedPart] = {}
    for access in source.parts:
        for earlier in (*older, without_requests(access)):
            known = earlier.registry.scopes
            scopes = [s for s in access.registry.scopes if s in known and s not in found]
            part = ChangedPart(VersionDifference(earlier, access, source.now), globs)
            found |= dict.fromkeys(scopes, part)
    differing = frozenset[str]().union(*(part.named for part in found.values()))
    return {scope: _with_replicas(part, differing) for scope, part in found.items()}


def _with_replicas(part: ChangedPart, differing: frozenset[str]) -> ChangedPart:
    entries = part.difference.newer.entries
    here = {entry.repository for entry in entries if entry.replicated} & differing
    return replace(part, replicas=frozenset(here)) if here else part


def with_touched(part: ChangedPart, live: LiveRegistry, inputs: PlanInputs) -> ChangedPart:
    """Add the managed repositories on which the change of the registry's own policy changes access.

    They need not be those of the edit: what others have changed in that policy is taken back, too.
    """
    touched = touched_repositories(live, part.inputs(inputs))
    managed = managed_names(part.difference.newer, live.names)
    return replace(part, touched=touched.intersection(managed))


def left_out(source: AccessSource, older: Sequence[AccessFile]) -> tuple[RegistryScope, ...]:
    """Return the registries and regions of the earlier version that the file does not have."""
    earlier = (scope for access in older for scope in access.registry.scopes)
    others = {scope for part in source.left_out for scope in part.registry.scopes}
    known = others.union(source.scopes)
    return tuple(dict.fromkeys(scope for scope in earlier if scope not in known))


def subjects_of(parts: Iterable[ChangedPart]) -> Iterator[str]:
    """Say in a few words each what the parts consist of."""
    found = tuple(parts)
    names, patterns, templates, removed = (
        frozenset[str]().union(*sets)
        for sets in zip(
            *((one.named, one.patterns, one.templates, one.removed) for one in found), strict=True
        )
    )
    for number, one, many in (
        (len(names), "repository", "repositories"),
        (len(patterns), "pattern", "patterns"),
        (len(templates), "creation template", "creation templates"),
        (len(removed), "removed entry", "removed entries"),
    ):
        if number:
            yield number_of(number, one, many)
    if any(part.registry_policy for part in found):
        yield "the registry's own policy"
