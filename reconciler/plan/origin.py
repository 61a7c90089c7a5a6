"""What a plan was made from: the tool, the access file and its registries."""

from collections.abc import Iterable
from typing import NamedTuple

from reconciler import __version__
from reconciler.model.registry import RegistryScope


class PlannedRegistry(NamedTuple):
    """A registry that a plan is for; `name` is None where it is the only one."""

    account: str
    regions: tuple[str, ...]
    name: str | None = None

    @property
    def scopes(self) -> tuple[RegistryScope, ...]:
        """The registry in each of its regions."""
        return tuple(RegistryScope(self.account, region) for region in self.regions)


class ReadFile(NamedTuple):
    """A file that a plan depends on: its path, as it was given, and its SHA-256 in hex."""

    path: str
    sha256: str


class Origin(NamedTuple):
    """What a plan was made from: the tool's version, the file's path and digest, the registries.

    There are none for a journal without writes. Several have names. `left_out` are the names of
    those that a limited plan is not about; with any, the others have names, too. `rules` are the
    rules files.
    """

    tool_version: str
    path: str
    sha256: str
    registries: tuple[PlannedRegistry, ...]
    left_out: tuple[str, ...] = ()
    rules: tuple[ReadFile, ...] = ()

    @property
    def names(self) -> dict[RegistryScope, str]:
        """The names of several registries, in their order; empty where there is one."""
        return {
            scope: registry.name
            for registry in self.registries
            if registry.name is not None
            for scope in registry.scopes
        }


def origin_of(
    path: str,
    sha256: str,
    registries: Iterable[PlannedRegistry],
    left_out: tuple[str, ...] = (),
    rules: tuple[ReadFile, ...] = (),
) -> Origin:
    """Return what this version of the tool makes a plan from: a file with this digest."""
    return Origin(__version__, path, sha256, tuple(registries), left_out, rules)
