"""What uses what: an order in which everything comes after all that it uses, and the cycles."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.access_file.document.problems import shown

_MOST_CYCLES = 20
_MOST_SHOWN = 12


def sort_by_use(
    uses: Mapping[str, Sequence[str]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Sort names so that each comes after those it uses; names that are no key are ignored.

    Gives the order and the cycles, each as (`a`, `b`, `a`); 20 cycles at most. Needs no recursion,
    however long a chain is.
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
                if len(cycles) < _MOST_CYCLES:
                    names = list(path)
                    cycles.append((*names[names.index(used) :], used))
            else:
                path[used] = iter(uses[used])
    return tuple(order), tuple(cycles)


def path_of(cycle: Sequence[str]) -> str:
    """Write a cycle, its middle left out where it is long."""
    names = [shown(name) for name in cycle]
    if len(names) > _MOST_SHOWN:
        names[_MOST_SHOWN // 2 : -_MOST_SHOWN // 2] = ["…"]
    return " → ".join(names)
