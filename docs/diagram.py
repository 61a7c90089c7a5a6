"""Print docs/images/flow.svg, the way from the file and the registry to a write: `make docs`."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 190, 62
GAP = 46

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<style>
text {{ font: 14px system-ui, sans-serif; text-anchor: middle; fill: #1b1f24 }}
.name {{ font-weight: 600 }}
rect {{ fill: #f6f8fa; stroke: #8c959f; rx: 6 }}
rect.writes {{ fill: #fff1e5; stroke: #bc4c00 }}
path {{ fill: none; stroke: #8c959f; stroke-width: 2 }}
marker path {{ fill: #8c959f; stroke: none }}
</style>
<defs>
<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
<path d="M0 0 8 4 0 8z"/>
</marker>
</defs>
"""


class Box(NamedTuple):
    column: int
    row: int
    name: str
    note: str
    writes: bool = False


BOXES = {
    "file": Box(0, 0, "ecr_access.yaml", "who has which access"),
    "desired": Box(1, 0, "desired policies", "validate, compile"),
    "registry": Box(0, 2, "Amazon ECR", "the registry"),
    "live": Box(1, 2, "live policies", "read in every run"),
    "plan": Box(2, 1, "plan", "compared by meaning"),
    "guards": Box(3, 1, "guards", "refuse what is unsafe"),
    "journal": Box(4, 0, "journal", "rollback restores from it", writes=True),
    "apply": Box(4, 1, "apply", "reads again, then writes", writes=True),
}
ARROWS = (
    ("file", "desired"),
    ("registry", "live"),
    ("desired", "plan"),
    ("live", "plan"),
    ("plan", "guards"),
    ("guards", "apply"),
    ("apply", "journal"),
    ("apply", "registry"),
)


def main() -> None:
    columns = 1 + max(box.column for box in BOXES.values())
    rows = 1 + max(box.row for box in BOXES.values())
    print(HEAD.format(width=left(columns) - GAP + 4, height=top(rows) - GAP + 32), end="")
    for start, end in ARROWS:
        print(f'<path d="{way(BOXES[start], BOXES[end])}" marker-end="url(#end)"/>')
    for box in BOXES.values():
        print("\n".join(drawn(box)))
    print("</svg>")


def left(column: int) -> int:
    return 2 + column * (WIDTH + GAP)


def top(row: int) -> int:
    return 2 + row * (HEIGHT + GAP)


def way(start: Box, end: Box) -> str:
    """The path of an arrow: straight on, up, or below all boxes back to the first column."""
    x, y = left(start.column) + WIDTH, top(start.row) + HEIGHT // 2
    end_x, end_y = left(end.column), top(end.row) + HEIGHT // 2
    if start.column == end.column:
        middle = end_x + WIDTH // 2
        return f"M{middle} {top(start.row)}V{top(end.row) + HEIGHT}"
    if end.column < start.column:
        from_x, to_x, below = x - WIDTH // 2, end_x + WIDTH // 2, top(end.row) + HEIGHT
        return f"M{from_x} {top(start.row) + HEIGHT}V{below + 24}H{to_x}V{below}"
    middle = x + GAP // 2
    return f"M{x} {y}H{middle}V{end_y}H{end_x}"


def drawn(box: Box) -> Iterator[str]:
    x, y = left(box.column), top(box.row)
    kind = ' class="writes"' if box.writes else ""
    middle = x + WIDTH // 2
    yield f'<rect{kind} x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}"/>'
    yield f'<text class="name" x="{middle}" y="{y + 26}">{escape(box.name)}</text>'
    yield f'<text x="{middle}" y="{y + 46}">{escape(box.note)}</text>'


if __name__ == "__main__":
    main()
