"""How long `drift` takes where nothing changed, against plain programs that only read.

Whole processes, side by side in one run, against a loopback ECR that takes 20 ms for each call.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.fast_ecr import ACCOUNT, REGION, Conditions, FastEcr

REPOSITORIES = 1_000
FEW = 50  # repositories that a loop reads; the rest is extrapolated
ROUNDS = 5
CLIENTS = str(Path(__file__).with_name("plain_clients.py"))
HEAD = f"""\
version: 1
registry: {{account: "{ACCOUNT}", regions: [{REGION}]}}
accounts: {{workloads: "444455556666"}}
principals:
  ci: {{role: role2-1, account: workloads}}
  runtime: {{role: role2-2, account: workloads}}
repositories:
"""
ENTRY = "  team-{team}/app-{number}: {{access: {{ci: push-pull, runtime: pull}}}}\n"


def access_file(repositories: int) -> str:
    entries = (ENTRY.format(team=n % 50, number=n) for n in range(repositories))
    return HEAD + "".join(entries)


def reconcile(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reconciler", *arguments]


def compiled(file: Path) -> dict[str, str | None]:
    """Return the text of each repository's policy, as `apply` would write it."""
    command = reconcile("compile", "-q", "-f", str(file))
    policies = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {name: policy and json.dumps(policy) for name, policy in policies.items()}


def timed(command: list[str], environment: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Return the seconds and the CPU seconds of a process."""
    before, begun = os.times(), time.monotonic()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    seconds, after = time.monotonic() - begun, os.times()
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return seconds, cpu


def plain(way: str, count: int, at_once: int) -> list[str]:
    return [sys.executable, CLIENTS, way, str(count), str(at_once)]


def measure(folder: Path, conditions: Conditions) -> None:
    file = folder / "ecr_access.yaml"
    file.write_text(access_file(REPOSITORIES))
    commands = {
        "reconcile drift": reconcile("drift", "-q"),
        "boto3, a loop": plain("loop", FEW, 1),
        "boto3, no repository": plain("loop", 0, 1),
        "boto3, 10 threads": plain("threads", REPOSITORIES, 10),
        "boto3, 32 threads": plain("threads", REPOSITORIES, 32),
        "floor": plain("floor", REPOSITORIES, 64),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    spent: dict[str, list[float]] = {name: [] for name in commands}
    with FastEcr(compiled(file), conditions) as ecr:
        environment = ecr.environment(os.environ)
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds, cpu = timed(command, environment, folder)
                taken[name].append(seconds)
                spent[name].append(cpu)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    start = medians.pop("boto3, no repository")
    loop = medians["boto3, a loop"]
    medians["boto3, a loop"] = start + (loop - start) * REPOSITORIES / FEW
    floor, own = medians["floor"], medians["reconcile drift"]
    print(f"{REPOSITORIES} repositories, {'with' if conditions.tls else 'without'} TLS:")
    for name, seconds in medians.items():
        note = f" (from {FEW} repositories)" if name == "boto3, a loop" else ""
        ratios = f"{seconds / floor:5.2f} x the floor, {seconds / own:5.2f} x drift"
        print(f"  {name:18}{seconds:7.2f} s, {ratios}{note}")
    cpu = statistics.median(spent["reconcile drift"])
    print(f"  reconcile drift: {1000 * cpu / REPOSITORIES:.2f} ms of CPU for each repository")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for tls in (False, True):
            measure(Path(name), Conditions(tls=tls))


if __name__ == "__main__":
    main()
