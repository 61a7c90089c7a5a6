"""What a section of the benchmarks gives: tables in Markdown, with limits beside the figures."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple


class Size(NamedTuple):
    """How much is measured: repositories, and rounds, of which the median counts."""

    repositories: int
    rounds: int


class Result(NamedTuple):
    """A section's tables, its charts by file name, and its rounds if not those of the size."""

    tables: str
    charts: Mapping[str, str] = {}
    rounds: int = 0


class Limit(NamedTuple):
    """The most that a figure may be, or the least."""

    value: float
    least: bool = False

    def __str__(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.value:g}"

    def mark(self, figure: float, shown: str = "") -> str:
        """Return a figure as text, plainly marked where it is beyond the limit."""
        text = shown or f"{figure:.2f}"
        kept = figure >= self.value if self.least else figure <= self.value
        return text if kept else f"**{text} (NOT KEPT)**"


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
