"""What failed, told once for each cause, with the targets that met it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.registry import RegistryScope, Target
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.plan.model import PlanError
from reconciler.printable import some_of
from reconciler.report.words import MOST_NAMES, target_name

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome

_OWN = "\0"
"""Stands in a message for the repository's name; replaced where a message has it."""


def is_whole(target: Target) -> bool:
    """Whether an error's target is all repositories of a registry and region."""
    return target.subject == "repository-policy" and target.repository == EVERY_REPOSITORY


class Failure(NamedTuple):
    """The failure of one target; `kind` is a rule or an outcome."""

    target: Target
    kind: str
    message: str


class Cause(NamedTuple):
    """A cause, and the targets of one region that failed for it, in the order given.

    Where it has a text, several are repositories: what is none is alone. Whole regions of one
    registry are together. `registry` is its name where there are several.
    """

    kind: str
    text: str
    targets: tuple[Target, ...]
    registry: str | None = None

    @property
    def where(self) -> str:
        """The region, or regions, after the registry's name where there are several."""
        regions = ", ".join(dict.fromkeys(target.scope.region for target in self.targets))
        return regions if self.registry is None else f"{self.registry} {regions}"

    @property
    def is_of_one(self) -> bool:
        """Whether it is of a single target, or of all repositories."""
        return len({target.repository for target in self.targets}) == 1

    @property
    def message(self) -> str:
        """The message, for a single target."""
        return self.text.replace(_OWN, self.targets[0].repository)

    @property
    def names(self) -> str:
        """The first names, the number of the others, and the region."""
        names = dict.fromkeys(map(target_name, self.targets))
        return f"{some_of(names, MOST_NAMES)} ({self.where})"

    @property
    def of_call(self) -> str | None:
        """`CALL on N repositories: NAMES`, and why; None where the text names no call on one."""
        before, on, after = self.text.partition(f" on {_OWN}")
        if not on:
            return None
        count = f"{len(self.targets)} repositories"
        return f"{before} on {count}: {self.names}{_without_own(after)}"

    @property
    def why(self) -> str:
        """The message, for several repositories."""
        return _without_own(self.text)


def errors_by_cause(
    errors: Iterable[PlanError], registries: Mapping[RegistryScope, str] = MappingProxyType({})
) -> list[Cause]:
    """Group the errors of a plan, as `by_cause`."""
    return by_cause((Failure(one.target, one.rule, one.message) for one in errors), registries)


def outcomes_by_cause(
    outcomes: Iterable["Outcome"], registries: Mapping[RegistryScope, str] = MappingProxyType({})
) -> list[Cause]:
    """Group outcomes, as `by_cause`; those without an error have no text."""
    failures = (Failure(one.change.target, one.result, one.error or "") for one in outcomes)
    return by_cause(failures, registries)


def by_cause(
    failures: Iterable[Failure], registries: Mapping[RegistryScope, str] = MappingProxyType({})
) -> list[Cause]:
    """Group failures by kind, region and text, in the order of their first ones.

    Those of whole regions are grouped by registry, where there are several: `registries` are their
    names.
    """
    groups: defaultdict[tuple[str, str, str | RegistryScope | Target], list[Target]] = defaultdict(
        list
    )
    for target, kind, message in failures:
        text = message.replace(_OWN, "\\0")
        if target.subject == "repository-policy" or not message:
            text = _without_name(text, target.repository)
            is_together = is_whole(target) and target.scope in registries
            where = registries[target.scope] if is_together else target.scope
            groups[kind, text, where].append(target)
        else:
            groups[kind, text, target].append(target)
    return [
        Cause(kind, text, tuple(found), registries.get(found[0].scope))
        for (kind, text, _), found in groups.items()
    ]


def _without_name(message: str, name: str) -> str:
    if name not in message:
        return message  # most have no message at all, and each name makes a pattern of its own
    own = re.escape(name)
    places = rf"\bon {own}(?=[\s:;,)]|$)|'{own}'|\brepository/{own}(?=[\s:;,)]|$)"
    return re.sub(places, lambda found: found[0].replace(name, _OWN), message)


def _without_own(text: str) -> str:
    return text.replace(_OWN, "…")
