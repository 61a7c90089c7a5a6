"""Measure, print the tables, and write them and the charts into the documentation.

    python -m benchmarks.speed [SECTION ...] [--repositories N] [--rounds N] [--folder FOLDER]

Each section writes its tables between its markers in FOLDER/README.md, and its chart to FOLDER.
"""

import argparse
import compileall
from collections.abc import Callable, Mapping
from pathlib import Path

import reconciler
from benchmarks.speed.comparison import compare
from benchmarks.speed.growth import fill, grow, spread
from benchmarks.speed.processes import tell
from benchmarks.speed.repair import repair
from benchmarks.speed.tables import Result, Size, machine, put
from benchmarks.speed.throttling import throttle

SECTIONS: Mapping[str, Callable[[Size], Result]] = {
    "programs": compare,
    "apply": repair,
    "throttling": throttle,
    "growth": grow,
    "registries": spread,
    "memory": fill,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1])
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    compileall.compile_dir(Path(reconciler.__file__).parent, quiet=1)
    size = Size(asked.repositories, asked.rounds)
    for name, section in SECTIONS.items():
        if asked.sections and name not in asked.sections:
            continue
        result = section(size)
        rounds = result.rounds or size.rounds
        what = f"medians of {rounds} rounds" if rounds > 1 else "one round"
        text = f"{machine()}, {what}.\n\n{result.tables}"
        print(f"{name}: {text}")
        put(asked.folder / "README.md", name, text)
        for file, chart in result.charts.items():
            (asked.folder / file).write_text(chart)
    tell("done")


if __name__ == "__main__":
    main()
