"""Failures grouped by cause: a cause is a message without the repository's name."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from reconciler.report.words import MOST_NAMES, listed

_OWN = "\0"
"""Stands in a message for the repository's name; replaced where a message has it."""


class Failure(NamedTuple):
    """The failure of one repository; `kind` is a rule or an outcome."""

    repository: str
    region: str
    kind: str
    message: str


class Cause(NamedTuple):
    """A cause, and the repositories of one region that failed for it, in the order given."""

    kind: str
    region: str
    text: str
    repositories: tuple[str, ...]

    @property
    def message(self) -> str:
        """The message, for a single repository."""
        return self.text.replace(_OWN, self.repositories[0])

    @property
    def names(self) -> str:
        """The first names, the number of the others, and the region."""
        return f"{listed(self.repositories, MOST_NAMES)} ({self.region})"

    @property
    def of_call(self) -> str | None:
        """`CALL on N repositories: NAMES`, and why; None where the text names no call on one."""
        before, on, after = self.text.partition(f" on {_OWN}")
        if not on:
            return None
        count = f"{len(self.repositories)} repositories"
        return f"{before} on {count}: {self.names}{_without_own(after)}"

    @property
    def why(self) -> str:
        """The message, for several repositories."""
        return _without_own(self.text)


def by_cause(failures: Iterable[Failure]) -> list[Cause]:
    """Group failures by kind, region and text, in the order of their first ones."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for failure in failures:
        text = _without_name(failure.message.replace(_OWN, "\\0"), failure.repository)
        key = failure.kind, failure.region, text
        groups.setdefault(key, []).append(failure.repository)
    return [Cause(*key, tuple(names)) for key, names in groups.items()]


def _without_name(message: str, name: str) -> str:
    own = re.escape(name)
    places = rf"\bon {own}(?=[\s:;,)]|$)|'{own}'|\brepository/{own}(?=[\s:;,)]|$)"
    return re.sub(places, lambda found: found[0].replace(name, _OWN), message)


def _without_own(text: str) -> str:
    return text.replace(_OWN, "…")
