"""The matrix of access as the data of its page.

Cells are many and much alike. What they show and what gives it stand once each, and a row has only
numbers, so that 300,000 cells are a page of less than 3 MB.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, Literal, NamedTuple, TypedDict, TypeVar

from reconciler.model.access import DisplayNames
from reconciler.model.answers import (
    Answer,
    Matrix,
    MatrixCell,
    MatrixRow,
    place_words,
    with_place,
)
from reconciler.plan.checks.risks import StandingRisk
from reconciler.policy import (
    Actions,
    NamedPrincipal,
    account_of,
    can_rewrite,
    identity_of,
    includes_action,
)
from reconciler.report.questions.answers import given_words, how_words, source_words, subject_label
from reconciler.report.questions.matrix import cell_words, short_names

Mark = Literal["", "only live", "not live", "differs"]
"""How live access differs from what the file asks for."""

LOOKS = ("pull", "read", "push", "push-pull", "lambda", "admin", "other")
"""The looks of cells: of a tier of that name, or of access that resembles it; else `other`."""

Value = TypeVar("Value", bound=Hashable)


class PrincipalData(NamedTuple):
    """A column: what the file calls it, what it is in full, and the number of its account or -1."""

    label: str
    full: str
    account: int


class RepositoryData(NamedTuple):
    """A row's heading; `region` and `error` are empty where there is none."""

    name: str
    region: str
    error: str


class Giver(NamedTuple):
    """What gives access, in words; its place is `before`, a number of the row, and `after`."""

    what: str
    before: str
    after: str


class Shape(NamedTuple):
    """What equal cells show: words, look, mark, and the words of the file where they differ.

    `givers` are numbers, first those of the live side, which are `live` many.
    """

    words: str
    look: str
    mark: Mark
    file_words: str
    live: int
    givers: tuple[int, ...]


class MatrixData(TypedDict):
    """What the script draws.

    Each of `rows` is numbers with commas. A cell is the number of its principal less that of the
    cell before, its shape, and for each giver of the shape a number, that of a line or a statement,
    less the one before in the row. `risks` are the rows and columns of cells.
    """

    live: bool
    cells: int
    differences: int
    accounts: list[str]
    principals: list[PrincipalData]
    repositories: list[RepositoryData]
    givers: list[Giver]
    shapes: list[Shape]
    rows: list[str]
    risks: list[tuple[int, int]]


class _Table(Generic[Value]):
    """Values with numbers, in the order of their first use."""

    def __init__(self) -> None:
        self._numbers: dict[Value, int] = {}

    def number(self, value: Value) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[Value]:
        return list(self._numbers)


class _Side(NamedTuple):
    """A cell, live or in the file: its access, and the number and the place of each giver."""

    words: str = ""
    givers: tuple[int, ...] = ()
    places: tuple[int, ...] = ()


_NOTHING = _Side()


def encode_matrix(
    matrix: Matrix,
    names: DisplayNames,
    risks: Iterable[StandingRisk] = (),
    desired: Matrix | None = None,
) -> MatrixData:
    """Return the data of a matrix: of a file, or of a registry with what the file asks for."""
    subjects = _columns(matrix, desired)
    columns = {_identity(subject): number for number, subject in enumerate(subjects)}
    places = {row.heading: number for number, row in enumerate(matrix.rows)}
    wanted = {row.heading: row for row in desired.rows} if desired else {}
    encoder = _Encoder(names, columns)
    rows = [encoder.row(row, wanted.get(row.heading)) for row in matrix.rows]
    accounts: _Table[str] = _Table()
    labels = short_names(subjects, names)
    return {
        "live": desired is not None,
        "cells": encoder.cells,
        "differences": encoder.differences,
        "principals": [
            _principal(label, subject, names, accounts)
            for label, subject in zip(labels, subjects, strict=True)
        ],
        "accounts": accounts.values(),
        "repositories": [_repository(row) for row in matrix.rows],
        "givers": encoder.givers.values(),
        "shapes": encoder.shapes.values(),
        "rows": rows,
        "risks": sorted(set(_risk_cells(risks, places, columns))),
    }


def _columns(matrix: Matrix, desired: Matrix | None) -> list[NamedPrincipal]:
    """Return the principals of both sides, sorted by what they are called."""
    found = (*matrix.subjects, *(desired.subjects if desired else ()))
    by_identity = {_identity(subject): subject for subject in found}
    return sorted(by_identity.values(), key=lambda s: s.names_first)


def _identity(subject: NamedPrincipal) -> Hashable:
    return subject.principal, identity_of(subject.principal, subject.condition)


def _risk_cells(
    risks: Iterable[StandingRisk],
    places: Mapping[str, int],
    columns: Mapping[Hashable, int],
) -> Iterator[tuple[int, int]]:
    """Yield the row and the column of each risk of a principal that has a column."""
    for repository, region, risk, registry in risks:
        column = columns.get(_identity(NamedPrincipal(risk.principal, risk.condition)))
        if column is not None:
            yield places[with_place(repository, place_words(registry, region))], column


def _principal(
    label: str, subject: NamedPrincipal, names: DisplayNames, accounts: _Table[str]
) -> PrincipalData:
    account = account_of(subject.principal)
    number = -1 if account is None else accounts.number(_account(account, names))
    return PrincipalData(label, subject_label(subject, names), number)


def _account(account: str, names: DisplayNames) -> str:
    name = names.accounts.get(account)
    return f"{name} ({account})" if name else account


def _repository(row: MatrixRow) -> RepositoryData:
    return RepositoryData(row.repository, row.place, row.error or "")


class _Encoder:
    """Encodes rows; keeps what their cells show and what gives it, each once."""

    def __init__(self, names: DisplayNames, columns: Mapping[Hashable, int]) -> None:
        self._names = names
        self._columns = columns
        self._looks: dict[str, str] = {}
        self._said: dict[Hashable, str] = {}
        self.givers: _Table[Giver] = _Table()
        self.shapes: _Table[Shape] = _Table()
        self.cells = self.differences = 0

    def row(self, row: MatrixRow, desired: MatrixRow | None) -> str:
        """Encode a row that is known; what the file asks for is compared where it manages it."""
        if row.error is not None:
            return ""
        cells, asked = self._by_column(row), self._by_column(desired) if desired else {}
        column = place = 0
        numbers: list[int] = []
        for number in sorted(cells.keys() | asked.keys()):
            live, wanted = cells.get(number), asked.get(number)
            sides = self._side(live), self._side(wanted)
            shape = self._shape(*sides, live or asked[number], is_compared=desired is not None)
            numbers += (number - column, shape)
            column = number
            for found in sides[0].places + sides[1].places:
                numbers.append(found - place)
                place = found
        return ",".join(map(str, numbers))

    def _by_column(self, row: MatrixRow) -> dict[int, MatrixCell]:
        return {self._columns[_identity(cell.subject)]: cell for cell in row.cells}

    def _side(self, cell: MatrixCell | None) -> _Side:
        if cell is None:
            return _NOTHING
        sources = [source_words(answer) for answer in cell.answers]
        givers = (
            Giver(self._words_of(answer, cell.actions), source.before, source.after)
            for answer, source in zip(cell.answers, sources, strict=True)
        )
        numbers = tuple(source.number for source in sources)
        return _Side(cell_words(cell), tuple(map(self.givers.number, givers)), numbers)

    def _shape(self, live: _Side, wanted: _Side, cell: MatrixCell, *, is_compared: bool) -> int:
        mark = _mark(live.words, wanted.words) if is_compared else ""
        self.cells += bool(live.words)
        self.differences += bool(mark)
        words = live.words or wanted.words
        if words not in self._looks:
            self._looks[words] = _look(cell)
        givers = live.givers + wanted.givers
        shape = Shape(words, self._looks[words], mark, wanted.words, len(live.givers), givers)
        return self.shapes.number(shape)

    def _words_of(self, answer: Answer, every: Actions) -> str:
        """Return what an answer gives; a part of a tier has its name where all of it is given."""
        subject = answer.subject
        own = identity_of(subject.principal, subject.condition)
        known = (
            (answer.tier, answer.actions, every, answer.verdict, answer.effect),
            (answer.through, answer.conditions, answer.is_certain, own, subject.principal.kind),
        )
        if known not in self._said:
            given = given_words(answer, self._names, every)
            self._said[known] = f"{given}: {how_words(answer)}"
        return self._said[known]


def _mark(live: str, wanted: str) -> Mark:
    if live == wanted:
        return ""
    if not wanted:
        return "only live"
    return "differs" if live else "not live"


def _look(cell: MatrixCell) -> str:
    """Return the tier that a cell's access looks like, `other` for none."""
    access = cell.allowed or cell.depends
    if access in LOOKS:
        return access
    actions = cell.actions
    pulls = includes_action(actions, "ecr:BatchGetImage")
    if can_rewrite(actions):
        return "admin"
    if includes_action(actions, "ecr:PutImage"):
        return "push-pull" if pulls else "push"
    return "pull" if pulls else "other"
