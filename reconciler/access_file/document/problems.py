"""Problems of a file: what is wrong, where, and what would help."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from reconciler.closest import closest
from reconciler.model.rule_ids import RuleId
from reconciler.printable import printable, some_of

Severity = Literal["error", "warning"]

_LONGEST_SHOWN = 60
_MOST_COMPARISONS = 20_000
_SMALLER = "let an account, a role pattern or an organization stand for many, or split the file"


class Bound(NamedTuple):
    """How many of something a file may ask for, in all."""

    most: int
    of: str


class Advice(NamedTuple):
    """What is wrong with a text, as a message that quotes it, and what would help."""

    message: str
    hint: str


class TooLargeError(Exception):
    """The rest of the file is not judged; the reason is among the problems."""


class Place(NamedTuple):
    """Where something was read; lines and columns count from 1, columns in characters."""

    path: str
    line: int
    column: int


class Problem(NamedTuple):
    """One thing that is wrong (`error`: the file is not used) or doubtful (`warning`).

    `other` is the second place of a clash.
    `repository` is the entry that a run can allow to have this problem, for rules that allow it.
    """

    rule: RuleId
    severity: Severity
    message: str
    place: Place
    hint: str | None = None
    other: Place | None = None
    repository: str | None = None


@dataclass(slots=True)
class ProblemList:
    """Collects problems while a file is read; an identical one is kept once.

    `comparisons_left` bounds what looking for the choices that are meant may cost, for a file
    may hold thousands of unknown names, and of known ones. `asked` is the work so far.
    """

    found: dict[Problem, None] = field(default_factory=dict)
    comparisons_left: int = _MOST_COMPARISONS
    asked: Counter[Bound] = field(default_factory=Counter)
    seen: set[tuple[Bound, str]] = field(default_factory=set)

    def ask(self, bound: Bound, number: int, place: Place) -> None:
        """Count work before it is done. Raises TooLargeError where the file asks for too much."""
        self.asked[bound] += number
        if self.asked[bound] > bound.most:
            message = f"up to here, the file asks for {self.asked[bound]:,} {bound.of}"
            hint = f"at most {bound.most:,} are taken; {_SMALLER}"
            self.error(RuleId.TOO_LARGE, message, place, hint=hint)
            raise TooLargeError

    def ask_once(self, bound: Bound, thing: str, place: Place) -> None:
        """Count what is judged once, however often it is written. Raises TooLargeError."""
        if (bound, thing) not in self.seen:
            self.seen.add((bound, thing))
            self.ask(bound, 1, place)

    def error(
        self,
        rule: RuleId,
        message: str,
        place: Place,
        *,
        hint: str | None = None,
        other: Place | None = None,
        repository: str | None = None,
    ) -> None:
        """Note what makes the file invalid."""
        self.found[Problem(rule, "error", message, place, hint, other, repository)] = None

    def warning(
        self,
        rule: RuleId,
        message: str,
        place: Place,
        *,
        hint: str | None = None,
        other: Place | None = None,
    ) -> None:
        """Note what is doubtful, though valid."""
        self.found[Problem(rule, "warning", message, place, hint, other)] = None

    def closest(self, word: str, choices: Collection[str]) -> str | None:
        """Give the choice closest to a misspelt word, each of them valid; None if none is close.

        None, too, once a file has had enough of them.
        """
        return closest(word, choices) if self.may_compare(len(choices)) else None

    def may_compare(self, number: int) -> bool:
        """Tell whether a word may be compared with so many others, and count it."""
        if number > self.comparisons_left:
            return False
        self.comparisons_left -= number
        return True

    def did_you_mean(self, word: str, choices: Collection[str]) -> str | None:
        """Give the hint that names the choice `closest` finds; None where it finds none."""
        close = self.closest(word, choices)
        return None if close is None else suggestion(close)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by place, then by rule and message; each is there once."""
    return tuple(sorted(set(problems), key=lambda p: (p.place, p.rule, p.message)))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether any of the problems is an error."""
    return any(problem.severity == "error" for problem in problems)


def shown(value: object) -> str:
    """Quote a value of the file for a message: one line, escaped, cut where it is long."""
    return f"'{unquoted(value)}'" if isinstance(value, str) else unquoted(_plain_name(value))


def unquoted(text: str) -> str:
    """Write a text as `shown` does, without the quotes."""
    return printable(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")


def listed(names: Collection[str]) -> str:
    """List names for a message, the first ones where they are many."""
    return some_of(map(shown, names))


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Give the hint that names the choice closest to a misspelt word; None where none is close."""
    close = closest(word, choices)
    return None if close is None else suggestion(close)


def suggestion(meant: str) -> str:
    """Write the hint that names what is most likely meant: whole, for it is to be copied."""
    return f"did you mean '{printable(meant)}'?"


def _plain_name(value: object) -> str:
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
