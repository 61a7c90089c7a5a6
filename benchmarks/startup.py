"""How long `--help` and `validate` take, as ratios to a bare `import typer`, run side by side."""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROUNDS = 15
SAMPLE = Path(__file__).parents[1] / "ecr_access.yaml"
BASE = [sys.executable, "-c", "import typer"]
COMMANDS = {
    "reconcile --help": ([sys.executable, "-m", "reconciler", "--help"], 1.5),
    "reconcile validate": (
        [sys.executable, "-m", "reconciler", "validate", "-f", str(SAMPLE)],
        2.0,
    ),
}
# An installed package has its bytecode; the first round writes it here.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return perf_counter() - start


def main() -> None:
    for name, (command, limit) in COMMANDS.items():
        pairs = [(seconds(command), seconds(BASE)) for _ in range(ROUNDS)]
        ratios = sorted(one / base for one, base in pairs[1:])
        median = statistics.median(ratios)
        print(
            f"{name}: {median:.2f} x import typer "
            f"(from {ratios[0]:.2f} to {ratios[-1]:.2f}; limit {limit})"
        )


if __name__ == "__main__":
    main()
