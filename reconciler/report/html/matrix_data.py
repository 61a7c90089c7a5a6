"""The matrix of access as the data of its page.

Cells are many and much alike. What they show and what gives it stand once each, and a row has only
numbers, so that 300,000 cells are a page of less than 3 MB.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, Literal, NamedTuple, TypedDict, TypeVar

from reconciler.model.answers import (
    Answer,
    FileLine,
    Matrix,
    MatrixCell,
    MatrixRow,
    PolicyStatement,
)
from reconciler.model.display_names import DisplayNames
from reconciler.policy import (
    Actions,
    NamedPrincipal,
    Through,
    account_of,
    can_rewrite,
    describe_actions,
    display_holder,
    includes_action,
)
from reconciler.printable import unmistakable
from reconciler.report.words import condition_words, principal_label

Mark = Literal["", "only live", "not live", "differs"]
"""How live access differs from what the file asks for."""

THROUGH: Mapping[Through, str] = {
    "account": "through its account, if that account's admins allow it",
    "organization": "through its organization",
    "everyone": "as everyone",
}
LOOKS = ("pull", "read", "push", "push-pull", "lambda", "admin")
"""The tiers that have a look of their own; other access looks like the one that it resembles."""

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
    cell before, its shape, and for each giver of the shape a number: a line or the position of a
    statement, from 1, less the one before in the row; 0 is no place. `risks` are rows and columns.
    """

    live: bool
    compared: bool
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
    risks: Iterable[tuple[str, NamedPrincipal]] = (),
    desired: Matrix | None = None,
) -> MatrixData:
    """Return the data of a matrix; a live one is compared with what the file asks for, if given."""
    subjects = _columns(matrix, desired)
    columns = {_identity(subject): number for number, subject in enumerate(subjects)}
    wanted = {row.repository: row for row in desired.rows} if desired else {}
    encoder = _Encoder(names, columns)
    rows = [encoder.row(row, wanted.get(row.repository)) for row in matrix.rows]
    accounts: _Table[str] = _Table()
    principals = [_principal(subject, names, accounts) for subject in subjects]
    places = {row.repository: number for number, row in enumerate(matrix.rows)}
    return {
        "live": matrix.is_live,
        "compared": desired is not None,
        "cells": encoder.cells,
        "differences": encoder.differences,
        "accounts": accounts.values(),
        "principals": principals,
        "repositories": [_repository(row) for row in matrix.rows],
        "givers": encoder.givers.values(),
        "shapes": encoder.shapes.values(),
        "rows": rows,
        "risks": [
            (places[repository], columns[_identity(subject)])
            for repository, subject in risks
            if repository in places and _identity(subject) in columns
        ],
    }


def _columns(matrix: Matrix, desired: Matrix | None) -> list[NamedPrincipal]:
    """Return the principals of both sides, sorted by what they are called."""
    found = (*matrix.subjects, *(desired.subjects if desired else ()))
    by_identity = {_identity(subject): subject for subject in found}
    return sorted(by_identity.values(), key=lambda s: (s.name is None, s.name or "", s))


def _identity(subject: NamedPrincipal) -> Hashable:
    return subject.principal, subject.condition


def _principal(
    subject: NamedPrincipal, names: DisplayNames, accounts: _Table[str]
) -> PrincipalData:
    principal, condition, name = subject
    account = account_of(principal)
    label = principal_label(principal, subject if name else None, names.accounts)
    number = -1 if account is None else accounts.number(_account(account, names))
    return PrincipalData(name or display_holder(principal, condition), label, number)


def _account(account: str, names: DisplayNames) -> str:
    name = names.accounts.get(account)
    return f"{name} ({account})" if name else account


def _repository(row: MatrixRow) -> RepositoryData:
    return RepositoryData(row.repository, row.region or "", row.error or "")


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
        """Encode a row; what the file asks for, if given, is compared where the row was read."""
        is_compared = desired is not None and row.error is None
        cells = {self._columns[_identity(cell.subject)]: cell for cell in row.cells}
        asked = {self._columns[_identity(c.subject)]: c for c in desired.cells} if desired else {}
        column = place = 0
        numbers: list[int] = []
        for number in sorted(cells.keys() | asked.keys()):
            live, wanted = cells.get(number), asked.get(number)
            sides = self._side(row, live), self._side(row, wanted)
            shape = self._shape(*sides, live or asked[number], is_compared=is_compared)
            numbers += (number - column, shape)
            column = number
            for found in sides[0].places + sides[1].places:
                numbers.append(found - place)
                place = found
        return ",".join(map(str, numbers))

    def _side(self, row: MatrixRow, cell: MatrixCell | None) -> _Side:
        if cell is None:
            return _NOTHING
        found = [self._giver(row, cell.subject, answer) for answer in cell.answers]
        return _Side(_cell_words(cell), tuple(g for g, _ in found), tuple(p for _, p in found))

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

    def _giver(self, row: MatrixRow, subject: NamedPrincipal, answer: Answer) -> tuple[int, int]:
        """Return the number of what gives an answer, and its place."""
        what = self._words_of(subject, answer)
        match answer.source:
            case FileLine(path, line, entry, key):
                of_entry = entry if entry != row.repository else ""
                named = f"as {key}" if key not in (None, subject.name) else ""
                more = ", ".join(filter(None, (of_entry, named)))
                return self.givers.number(Giver(what, f"{path}:", more and f" ({more})")), line
            case PolicyStatement(_, position, sid):
                named = f" (Sid {unmistakable(sid)})" if sid else ""
                return self.givers.number(Giver(what, "statement ", named)), position + 1
        return self.givers.number(Giver(what, "", "")), 0

    def _words_of(self, subject: NamedPrincipal, answer: Answer) -> str:
        by_service = subject.principal.kind == "Service"
        key = answer.effect, answer.actions, answer.conditions, answer.through
        known = (*key, subject.condition, by_service)
        if known not in self._said:
            effect, actions, conditions, through = key
            access = describe_actions(actions, self._names.tiers_of(subject.principal))
            rest = tuple(clause for clause in conditions if clause not in subject.condition)
            way = f", {THROUGH[through]}" if through else ""
            self._said[known] = f"{effect} {access}{condition_words(rest)}{way}"
        return self._said[known]


def _cell_words(cell: MatrixCell) -> str:
    """Return what a cell shows, such as `pull`, `pull, push if…`, `pull (account)`."""
    depends = f"{cell.depends} if…" if cell.depends else ""
    access = ", ".join(filter(None, (cell.allowed, depends))) or "denied"
    return f"{access} ({cell.through})" if cell.through else access


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
    allowed = (answer.actions for answer in cell.answers if answer.effect == "Allow")
    actions: Actions = frozenset().union(*allowed)
    pulls = includes_action(actions, "ecr:BatchGetImage")
    if can_rewrite(actions):
        return "admin"
    if includes_action(actions, "ecr:PutImage"):
        return "push-pull" if pulls else "push"
    return "pull" if pulls else "other"
