"""How the layout of files differs from the canonical one: as unified diffs, and as JSON."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from reconciler.access_file.layout.canonical import Layout
from reconciler.printable import printable_json
from reconciler.report.text import Line, Paint, Role, Span, render

_ROLES: dict[str, Role] = {"+": "added", "-": "removed", "@": "changed"}
_NO_LINE_END = "\\ No newline at end of file"


def render_layouts(layouts: Sequence[Layout], paint: Paint) -> str:
    """Render a unified diff of each file that is not canonical; an empty string for none."""
    return render((_line(text) for one in layouts for text in _diff(one)), paint)


def render_layouts_json(layouts: Sequence[Layout]) -> str:
    """Render `{"canonical": …, "files": [{"path", "canonical", "diff"}]}`; `diff` may be empty."""
    files = [
        {
            "path": one.path,
            "canonical": one.is_canonical,
            "diff": "".join(f"{line}\n" for line in _diff(one)),
        }
        for one in layouts
    ]
    return printable_json({"canonical": all(one.is_canonical for one in layouts), "files": files})


def _line(text: str) -> Line:
    role: Role | None = "heading" if text.startswith(("---", "+++")) else _ROLES.get(text[:1])
    return (Span(text, role, code=True),)


def _diff(layout: Layout) -> Iterator[str]:
    """Yield the lines of a unified diff; a carriage return is a part of its line."""
    before, after = (text.split("\n") for text in (layout.before, layout.after))
    lines = unified_diff(_ended(before), _ended(after), layout.path, "canonical")
    for line in lines:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_LINE_END


def _ended(lines: Sequence[str]) -> list[str]:
    *ended, last = lines
    return [*(f"{line}\n" for line in ended), *([last] if last else [])]
