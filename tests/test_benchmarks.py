"""The benchmarks run, and the documentation has places for what they measure."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.speed.__main__ import SECTIONS
from benchmarks.speed.charts import Bar, Group, Kind, Line, bars, lines
from benchmarks.speed.tables import Limit, markers, put

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("section", SECTIONS)
def test_the_documentation_has_a_place_for_each_section(section: str) -> None:
    begin, end = markers(section)
    text = (FOLDER / "README.md").read_text()
    assert 0 < text.index(begin) < text.index(end)
    assert text.count(begin) == text.count(end) == 1


def test_a_section_on_few_repositories(tmp_path: Path) -> None:
    """An apply and the floor, each in processes of their own, with and without TLS."""
    begin, end = markers("apply")
    (tmp_path / "README.md").write_text(f"before\n{begin}old\n{end}after\n")
    sizes = ("--repositories", "20", "--rounds", "1", "--folder", str(tmp_path))
    command = [sys.executable, "-m", "benchmarks.speed", "apply", *sizes]
    done = subprocess.run(
        command, cwd=FOLDER.parent, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "README.md").read_text()
    assert text.startswith(f"before\n{begin}")
    assert text.endswith(f"{end}after\n")
    assert "old" not in text
    assert "| 2 of 20 repositories |" in text
    assert "| without TLS |" in text
    assert "| with TLS |" in text


@pytest.mark.parametrize(
    ("limit", "figure", "shown"),
    [
        (Limit(2), 2.0, "2.00"),
        (Limit(2), 2.01, "**2.01 (NOT KEPT)**"),
        (Limit(20, least=True), 20.0, "20.00"),
        (Limit(20, least=True), 19.9, "**19.90 (NOT KEPT)**"),
    ],
)
def test_a_figure_beyond_its_limit_is_marked(limit: Limit, figure: float, shown: str) -> None:
    assert limit.mark(figure) == shown


def test_a_section_without_a_place(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no markers\n")
    with pytest.raises(ValueError, match="not found"):
        put(tmp_path / "README.md", "apply", "text")


def texts(chart: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(chart).iter()]


def test_bars_have_names_and_figures() -> None:
    drawn = [Bar("a <b>", 1.5, Kind.OWN), Bar("long", 700, Kind.OTHER, "(467 x)")]
    chart = bars("Title", "subtitle", [Group("Heading", drawn)], longest=30)
    shown = texts(chart)
    assert {"Title", "subtitle", "Heading", "a <b>", "1.50 s", "long", "12 min (467 x)"} < set(
        shown
    )
    assert chart.count('class="cut"') == 1


def test_lines_have_names_and_figures() -> None:
    series = [Line("one", [(100, 0.5), (1000, 2.0)], Kind.OWN)]
    assert {"one", "0.50 s", "2.00 s", "1,000", "repositories"} < set(
        texts(lines("T", "s", series))
    )
