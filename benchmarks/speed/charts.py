"""Charts as SVG: readable without a text beside them, on a light and on a dark page."""

import math
from collections.abc import Sequence
from enum import StrEnum
from html import escape
from typing import NamedTuple

from benchmarks.speed.tables import span

WIDTH = 780
LEFT, RIGHT = 250, 140
"""Room for names on the left of the bars, and for figures on the right of them."""

STYLE = """\
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.group { font-weight: 600; }
.muted { fill: #59636e; }
.page { fill: #ffffff; }
.grid { stroke: #d1d9e0; }
.own { fill: #0969da; stroke: #0969da; }
.other { fill: #8c959f; stroke: #8c959f; }
.floor { fill: none; stroke: #1f2328; stroke-dasharray: 4 3; }
circle.floor { stroke-dasharray: none; }
.line { fill: none; stroke-width: 2; }
.cut { fill: none; stroke: #ffffff; stroke-width: 4; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .muted { fill: #9198a1; }
  .page { fill: #0d1117; }
  .grid { stroke: #3d444d; }
  .own { fill: #4493f8; stroke: #4493f8; }
  .other { fill: #6e7681; stroke: #6e7681; }
  .floor { stroke: #f0f6fc; }
  .cut { stroke: #0d1117; }
}
"""


FLOOR = "bare HTTP calls (the floor)"


class Kind(StrEnum):
    """Whose figure it is, and so its look."""

    OWN = "own"
    OTHER = "other"
    FLOOR = "floor"


class Bar(NamedTuple):
    """`value` in seconds; `note` follows the figure."""

    name: str
    value: float
    kind: Kind
    note: str = ""


class Group(NamedTuple):
    """Bars under a common heading, which may be empty."""

    heading: str
    bars: Sequence[Bar]


class Line(NamedTuple):
    """Seconds by number of repositories."""

    name: str
    points: Sequence[tuple[int, float]]
    kind: Kind


def compared(ratio: float) -> str:
    """Return how many times as long something takes, as a note to its figure."""
    return f"({ratio:,.0f} x)" if ratio >= 100 else f"({ratio:.2f} x)"


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    styled = f' class="{style}"' if style else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{styled}>{escape(content)}</text>\n'
    )


def page(title: str, subtitle: str, height: float, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n"
        f'<rect class="page" width="100%" height="100%"/>\n'
        f"{text(20, 28, title, 'title')}{text(20, 48, subtitle, 'muted')}{content}</svg>\n"
    )


def steps(longest: float) -> list[float]:
    """Return round values from 0 to at least the longest, at most six."""
    rough = longest / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * n for n in range(math.ceil(longest / step - 1e-9) + 1)]


def bars(
    title: str, subtitle: str, groups: Sequence[Group], longest: float = math.inf, note: str = ""
) -> str:
    """Return a chart of bars; those that are longer than `longest` are cut, and look so.

    `note` stands below the axis.
    """
    every = [bar.value for group in groups for bar in group.bars]
    ticks = steps(min(longest, max(every)))
    room = WIDTH - LEFT - RIGHT

    def across(value: float) -> float:
        return LEFT + room * min(value / ticks[-1], 1.0)

    drawn, y = "", 66.0
    for group in groups:
        if group.heading:
            drawn += text(20, y + 16, group.heading, "group")
            y += 26
        for bar in group.bars:
            end = across(bar.value)
            drawn += text(LEFT - 10, y + 16, bar.name, "group" * (bar.kind is Kind.OWN), "end")
            drawn += (
                f'<rect class="{bar.kind}" x="{LEFT}" y="{y + 3:.1f}" '
                f'width="{max(end - LEFT, 1):.1f}" height="18"/>\n'
            )
            if bar.value > ticks[-1]:
                drawn += f'<path class="cut" d="M{end - 26:.1f} {y:.1f}l8 8l-8 8l8 8"/>\n'
            figure = f"{span(bar.value)} {bar.note}".rstrip()
            drawn += text(end + 8, y + 16, figure, "group" * (bar.kind is Kind.OWN))
            y += 28
        y += 6
    grid = "".join(
        f'<path class="grid" d="M{across(tick):.1f} 62V{y:.1f}"/>\n'
        + text(across(tick), y + 18, f"{tick:g}", "muted", "middle")
        for tick in ticks
    )
    axis = "seconds (lower is better)"
    if longest < max(every):
        axis += "; zigzag: the bar is cut"
    below = text(LEFT, y + 38, axis, "muted") + text(LEFT, y + 56, note, "muted")
    return page(title, subtitle, y + 68, grid + drawn + below)


def lines(title: str, subtitle: str, series: Sequence[Line]) -> str:
    """Return a chart of lines, both axes logarithmic."""
    left, right, top, bottom = 90.0, WIDTH - 250.0, 80.0, 380.0
    sizes = sorted({size for line in series for size, _ in line.points})
    every = [value for line in series for _, value in line.points]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))

    def x(size: float) -> float:
        return left + (right - left) * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def y(value: float) -> float:
        return bottom - (bottom - top) * (math.log10(value) - low) / (high - low)

    drawn = ""
    for power in range(low, high + 1):
        height = y(10.0**power)
        drawn += f'<path class="grid" d="M{left} {height:.1f}H{right}"/>\n'
        drawn += text(left - 10, height + 4, f"{10.0**power:g} s", "muted", "end")
    for size in sizes:
        drawn += text(x(size), bottom + 22, f"{size:,}", "muted", "middle")
    drawn += text((left + right) / 2, bottom + 44, "repositories", "muted", "middle")
    for line, above in zip(series, (True, False), strict=False):
        path = "L".join(f"{x(size):.1f} {y(value):.1f}" for size, value in line.points)
        drawn += f'<path class="line {line.kind}" style="fill: none" d="M{path}"/>\n'
        for size, value in line.points:
            drawn += f'<circle class="{line.kind}" cx="{x(size):.1f}" cy="{y(value):.1f}" r="4"/>\n'
            drawn += text(x(size), y(value) + (-12 if above else 22), span(value), "", "middle")
        last = y(line.points[-1][1])
        drawn += text(right + 34, last + 4, line.name, "group")
    return page(title, subtitle, bottom + 60, drawn)
