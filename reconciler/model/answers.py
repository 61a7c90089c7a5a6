"""Who can do what on which repository, and the line or statement that gives it: as plain data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from reconciler.model.registry import RegistryName
from reconciler.policy import (
    NO_CONDITION,
    Action,
    Actions,
    Condition,
    NamedPrincipal,
    Through,
    Verdict,
    uncovered_actions,
)

Carrier = Literal["repository", "registry"]
"""Which policy has a statement: the repository's own, or the registry's."""

RegistryPolicyPart = Literal["none", "of the file", "all"]
"""What answers include of the registry's own policy: of the file's answers, where others may have
statements in that policy, only those of the file."""
LEAST_PART_FIRST: Sequence[RegistryPolicyPart] = ("none", "of the file", "all")


class FileLine(NamedTuple):
    """A line of the access file, for the `policy` that carries what it says; `line` counts from 1.

    `entry` is the repository or pattern whose line it is, None for a raw statement of the
    registry's policy. `key` is how its `access` names the principal (a group, say), None for a raw
    statement. `is_certain` as for a statement.
    """

    path: str
    line: int
    entry: str | None
    key: str | None
    policy: Carrier = "repository"
    is_certain: bool = True


class PolicyStatement(NamedTuple):
    """A statement of a live policy, which is the repository's own or the registry's.

    `position` is its position in that policy, counted from 0. `is_certain` is whether it is about
    the repository for certain: of some Resources that is not documented, or depends on the request.
    """

    policy: Carrier
    position: int
    sid: str | None
    is_certain: bool = True


Source = FileLine | PolicyStatement


def place_words(registry: RegistryName | None, region: str | None) -> str:
    """Return where something is, empty where it is everywhere: `central us-west-2`."""
    return " ".join(filter(None, (registry.name if registry else None, region)))


def with_place(name: str, where: str) -> str:
    """Return a name, with where it is behind it: `payments/api (central us-west-2)`."""
    return f"{name} ({where})" if where else name


@dataclass(frozen=True, slots=True)
class Answer:
    """What one line or statement gives a principal on a repository, or denies it.

    `subject` is the principal with the condition that identifies it and the file's name for it.
    `actions` are canonical actions, patterns and NotActions; `tier` is the one that has exactly
    these, if any. `effect` (Allow or Deny) and `conditions` are those of the source: for `allowed`
    the conditions hold, for `depends` at least one is unknown, or the source is not certain.
    `source` is None where nothing gives the actions. `registry` is None where all registries agree,
    and `region` where all regions of the registry do.
    """

    repository: str
    subject: NamedPrincipal
    tier: str | None
    actions: Actions
    verdict: Verdict
    effect: str = "Allow"
    through: Through | None = None
    conditions: Condition = NO_CONDITION
    source: Source | None = None
    region: str | None = None
    registry: RegistryName | None = None

    @property
    def place(self) -> str:
        """Where it is the answer, in words; empty where it is everywhere."""
        return place_words(self.registry, self.region)

    @property
    def of_registry(self) -> bool:
        """Whether the registry's own policy has, or is to have, what the source says."""
        return self.source is not None and self.source.policy == "registry"

    @property
    def is_certain(self) -> bool:
        """Whether the source is about the repository for certain."""
        return self.source is None or self.source.is_certain


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What one principal has on one repository: one answer for each line or statement.

    `allowed` and `depends` are the access in words (`push-pull`, `pull + ecr:PutImage`), empty
    where there is none. `through` is None where the principal itself is named.
    """

    subject: NamedPrincipal
    allowed: str
    depends: str
    through: Through | None
    answers: tuple[Answer, ...]

    @property
    def actions(self) -> Actions:
        """All that is allowed, or depends."""
        return _given(self.answers)

    @property
    def by_registry(self) -> bool:
        """Whether the registry's own policy alone gives any of it."""
        own = tuple(answer for answer in self.answers if not answer.of_registry)
        return len(own) < len(self.answers) and bool(uncovered_actions(self.actions, _given(own)))


def _given(answers: Iterable[Answer]) -> Actions:
    given = (answer.actions for answer in answers if answer.effect == "Allow")
    return frozenset[Action]().union(*given)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A repository, or a pattern offline, with the cells that are not empty, by subject.

    `error` says why nothing is known of a live repository. `region` and `registry` as for an
    answer.
    """

    repository: str
    cells: tuple[MatrixCell, ...]
    region: str | None = None
    error: str | None = None
    registry: RegistryName | None = None

    @property
    def heading(self) -> str:
        """The repository, with the registry and region where they differ."""
        return with_place(self.repository, self.place)

    @property
    def place(self) -> str:
        """Where that is, in words; empty where it is everywhere."""
        return place_words(self.registry, self.region)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Repositories by principals; rows sorted by repository, subjects by name and principal.

    A cell leaves out what depends on whether its principal is in an organization: the organization
    is a subject of its own.
    """

    subjects: tuple[NamedPrincipal, ...]
    rows: tuple[MatrixRow, ...]

    def answers(self) -> tuple[Answer, ...]:
        """Return the answers of all cells, by repository."""
        return tuple(a for row in self.rows for cell in row.cells for a in cell.answers)
