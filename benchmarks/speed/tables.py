"""What a section of the benchmarks gives: tables in Markdown, with limits beside the figures."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias


class Size(NamedTuple):
    """How much is measured: repositories, and rounds, of which the median counts."""

    repositories: int
    rounds: int


class Result(NamedTuple):
    """A section's tables, and its charts by file name."""

    tables: str
    charts: Mapping[str, str] = {}


class Limit(NamedTuple):
    """The most that a figure may be, or the least."""

    value: float
    least: bool = False

    def __str__(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.value:g}"

    def is_kept(self, figure: float) -> bool:
        return figure >= self.value if self.least else figure <= self.value


Figure: TypeAlias = tuple[str, float, Limit | None]
"""What is measured, the figure, and its limit."""


def under_limits(figures: Sequence[Figure]) -> str:
    """Return a table of figures, with those marked that are over their limit."""
    rows = [
        [what, f"{figure:,.2f}", str(limit or ""), verdict(figure, limit)]
        for what, figure, limit in figures
    ]
    return table(("figure", "measured", "limit", ""), rows)


def verdict(figure: float, limit: Limit | None) -> str:
    if limit is None:
        return ""
    return "kept" if limit.is_kept(figure) else "**NOT KEPT**"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def span(value: float) -> str:
    """Return seconds as text."""
    if value < 10:
        return f"{value:.2f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def machine() -> str:
    """Return the day of a run, and the machine."""
    cores = len(os.sched_getaffinity(0))
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, Python {platform.python_version()}"


def markers(section: str) -> tuple[str, str]:
    return f"<!-- {section}: begin -->\n", f"<!-- {section}: end -->\n"


def put(readme: Path, section: str, text: str) -> None:
    """Write the text of a section between its markers. Raises ValueError where they are missing."""
    begin, end = markers(section)
    whole = readme.read_text()
    before, after = whole.index(begin) + len(begin), whole.index(end)
    readme.write_text(f"{whole[:before]}\n{text}\n{whole[after:]}")
