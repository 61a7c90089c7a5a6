"""Problems of a file: what is wrong, where, and what would help."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from reconciler.closest import ALIKE, closest, suggestion
from reconciler.model.rules import RuleId
from reconciler.printable import printable, some_of

Severity = Literal["error", "warning"]

_MAX_SHOWN = 60
_SHRINK = "grant to an account, a role pattern or an organization instead, or split the file"


class WorkLimit(NamedTuple):
    """How much work of one kind a file may cause, in all: at most `most` `units`."""

    most: int
    units: str


_COMPARISONS = WorkLimit(20_000, "comparisons of a name with similar ones")


class Advice(NamedTuple):
    """A message that quotes a wrong text, and a hint."""

    message: str
    hint: str


class Suggestion(NamedTuple):
    """What a word was likely meant to be, where the word is all of a key or value.

    `written` is the text of the key or value at a problem's place, without quotes.
    """

    written: str
    meant: str


class TooLargeError(Exception):
    """The file exceeds a work limit; the rest of it is not checked. The problem is reported."""


class Place(NamedTuple):
    """Where something was read; lines and columns count from 1, columns in characters."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return LINE:COLUMN."""
        return f"{self.line}:{self.column}"

    @property
    def in_file(self) -> str:
        """PATH:LINE:COLUMN, with the path as it is."""
        return f"{self.path}:{self}"


class Problem(NamedTuple):
    """One thing that is wrong (`error`: the file is not used) or doubtful (`warning`).

    `other` is the second place of a clash.
    `repository` is the entry that a run can allow to have this problem, for rules that allow it.
    `suggested` is what the hint suggests, if that can replace what is at the place.
    """

    rule: RuleId
    severity: Severity
    message: str
    place: Place
    hint: str | None = None
    other: Place | None = None
    repository: str | None = None
    suggested: Suggestion | None = None


class ProblemList:
    """Collects the problems of one file; an identical problem is kept once.

    `work` counts the work so far, `counted` what `count_once` has counted.
    """

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.found: dict[Problem, None] = dict.fromkeys(found)
        self.work: Counter[WorkLimit] = Counter()
        self.counted: set[tuple[WorkLimit, str]] = set()

    def another(self) -> "ProblemList":
        """Return an empty list for a part of the same file; their work counts together."""
        new = ProblemList()
        new.work, new.counted = self.work, self.counted
        return new

    def count(self, limit: WorkLimit, number: int, place: Place) -> None:
        """Count work before it is done. Raises TooLargeError where the limit is exceeded."""
        self.work[limit] = work = self.work[limit] + number
        if work > limit.most:
            message = f"the file requires {work:,} {limit.units} up to this line"
            hint = f"the limit is {limit.most:,}; {_SHRINK}"
            self.error(RuleId.TOO_LARGE, message, place, hint)
            raise TooLargeError

    def count_once(self, limit: WorkLimit, text: str, place: Place) -> None:
        """Count what is checked once, however often it is written. Raises TooLargeError."""
        if (limit, text) not in self.counted:
            self.counted.add((limit, text))
            self.count(limit, 1, place)

    def error(
        self,
        rule: RuleId,
        message: str,
        place: Place,
        hint: str | Suggestion | None = None,
        *,
        other: Place | None = None,
        repository: str | None = None,
    ) -> None:
        """Report what makes the file invalid."""
        problem = Problem(rule, "error", message, place, None, other, repository)
        self.found[_with_hint(problem, hint)] = None

    def warning(
        self,
        rule: RuleId,
        message: str,
        place: Place,
        hint: str | Suggestion | None = None,
        *,
        other: Place | None = None,
    ) -> None:
        """Report what is doubtful, though valid."""
        problem = Problem(rule, "warning", message, place, None, other)
        self.found[_with_hint(problem, hint)] = None

    def may_compare(self, number: int) -> bool:
        """Whether a word may be compared with so many others; counts the comparisons.

        A file may have thousands of unknown and of known names.
        """
        if self.work[_COMPARISONS] + number > _COMPARISONS.most:
            return False
        self.work[_COMPARISONS] += number
        return True

    def closest(self, word: str, choices: Collection[str], *, cutoff: float = ALIKE) -> str | None:
        """Return the closest choice; None if none is close, or the comparisons are used up."""
        return closest(word, choices, cutoff=cutoff) if self.may_compare(len(choices)) else None

    def did_you_mean(
        self, word: str, choices: Collection[str], *, cutoff: float = ALIKE
    ) -> Suggestion | None:
        """Return the choice that `closest` returns as a hint; None if it returns none."""
        close = self.closest(word, choices, cutoff=cutoff)
        return None if close is None else Suggestion(word, close)


def _with_hint(problem: Problem, hint: str | Suggestion | None) -> Problem:
    if isinstance(hint, Suggestion):
        return problem._replace(hint=suggestion(hint.meant), suggested=hint)
    return problem._replace(hint=hint)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by place, then by rule and message, without duplicates."""
    return tuple(sorted(set(problems), key=lambda p: (p.place, p.rule, p.message)))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of the problems is an error."""
    return any(problem.severity == "error" for problem in problems)


def invalid_files(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return the paths of the files that have errors, each once, in the order of the problems."""
    errors = (problem for problem in problems if problem.severity == "error")
    return tuple(dict.fromkeys(problem.place.path for problem in errors))


def quote(value: object) -> str:
    """Quote a value of the file for a message: on one line, escaped, cut where it is long."""
    return f"'{escape(value)}'" if isinstance(value, str) else escape(_name_of_value(value))


def escape(text: str) -> str:
    """Write a text as `quote` does, without the quotes."""
    return printable(text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…")


def quote_all(names: Collection[str]) -> str:
    """List quoted names for a message; only the first ones where they are many."""
    return some_of(map(quote, names))


def _name_of_value(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return str(value)
