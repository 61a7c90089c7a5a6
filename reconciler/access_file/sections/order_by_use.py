"""Sorts names so that each comes after those it uses, and finds the cycles."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.access_file.document.problems import quote

_MAX_CYCLES = 20
_MAX_SHOWN = 12


def sort_by_use(
    uses: Mapping[str, Sequence[str]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the order and the cycles, each as (`a`, `b`, `a`); at most 20 cycles.

    Ignores names that are not a key. `graphlib` is of no use here: it finds one cycle only. Does
    not recurse, as a chain may be long.
    """
    order: dict[str, None] = {}
    cycles: list[tuple[str, ...]] = []
    for start in uses:
        if start in order:
            continue
        path: dict[str, Iterator[str]] = {start: iter(uses[start])}
        while path:
            name, rest = next(reversed(path.items()))
            used = next((u for u in rest if u in uses and u not in order), None)
            if used is None:
                order[name] = None
                del path[name]
            elif used in path:
                if len(cycles) < _MAX_CYCLES:
                    names = list(path)
                    cycles.append((*names[names.index(used) :], used))
            else:
                path[used] = iter(uses[used])
    return tuple(order), tuple(cycles)


def write_cycle(cycle: Sequence[str]) -> str:
    """Write a cycle, without its middle where it is long."""
    names = [quote(name) for name in cycle]
    if len(names) > _MAX_SHOWN:
        names[_MAX_SHOWN // 2 : -_MAX_SHOWN // 2] = ["…"]
    return " → ".join(names)
