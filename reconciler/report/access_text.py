"""Changes of access as lines for people, under whatever heading."""

from collections.abc import Callable, Iterable, Sequence

from reconciler.printable import printable
from reconciler.report.access_view import AccessLine
from reconciler.report.paint import Paint, Role

Tell = Callable[[AccessLine], str]
"""Tells what one principal holds on both sides."""

_WIDEST = 72
"""Longer labels stand out of the column, so that one of them does not push all others aside."""

_ROLES: dict[str, Role] = {"+": "added", "-": "removed", "~": "changed"}


def access_block(lines: Sequence[AccessLine], tell: Tell, paint: Paint) -> Iterable[str]:
    """Write one aligned line for each principal."""
    labels = [printable(line.label) for line in lines]
    width = max((len(label) for label in labels if len(label) <= _WIDEST), default=0)
    for line, label in zip(lines, labels, strict=True):
        sign = paint(_ROLES[line.sign], line.sign)
        yield f"  {sign} {label:<{width}}   {printable(tell(line))}"


def as_change(line: AccessLine) -> str:
    """Tell what a change makes of it: `pull → push-pull`, or the one side that there is."""
    if line.sign == "+":
        return line.after
    if line.sign == "-":
        return line.before
    parts = _parts(("gains ", line.gained), ("loses ", line.lost))
    return parts or f"{line.before} → {line.after}"


def as_drift(line: AccessLine) -> str:
    """Tell both sides by their names, or what only one of them has."""
    parts = _parts(("only live: ", line.lost), ("only in the file: ", line.gained))
    return parts or f"live: {line.before}; file: {line.after}"


def _parts(*told: tuple[str, str]) -> str:
    """Give what only one side has, each under its heading, as far as there is anything."""
    return "; ".join(f"{heading}{what}" for heading, what in told if what)
