"""What the answers about access cost beside `validate` of the same file, as whole processes."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from scale import access_file

ROUNDS = 9
REPOSITORIES = 1_000
QUESTIONS = {
    "access who-can": (["access", "who-can", "pull", "team-7/app-7"], 1.2),
    "access matrix --format csv": (["access", "matrix", "--format", "csv"], None),
}


def seconds(arguments: list[str], file: Path) -> float:
    command = [sys.executable, "-m", "reconciler", *arguments, "-f", str(file)]
    start = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ecr_access.yaml")
        file.write_bytes(access_file(REPOSITORIES))
        for name, (arguments, limit) in QUESTIONS.items():
            pairs = [(seconds(arguments, file), seconds(["validate"], file)) for _ in range(ROUNDS)]
            ratio = statistics.median(one / base for one, base in pairs)
            note = f" (limit {limit})" if limit else ""
            print(f"{name} of {REPOSITORIES:,} repositories: {ratio:.2f} x validate{note}")


if __name__ == "__main__":
    main()
