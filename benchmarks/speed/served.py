"""A folder and a server with the same repositories, on which programs are measured."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.speed import programs
from benchmarks.speed.fast_ecr import Calls, Conditions, FastEcr
from benchmarks.speed.processes import Run, environment, run
from benchmarks.speed.workload import access_file, compiled, without_ci


class Served:
    """What `served` gives."""

    def __init__(self, folder: Path, ecr: FastEcr, repositories: int) -> None:
        self.folder, self._ecr, self._repositories = folder, ecr, repositories
        self.environment = ecr.environment(environment())

    def run(self, command: list[str], settings: Mapping[str, str] | None = None) -> Run:
        """Run a program that reads every policy, on a registry as it was in the beginning.

        Raises RuntimeError where it fails, or reads too few.
        """
        return self.run_counted(command, settings)[0]

    def run_counted(
        self, command: list[str], settings: Mapping[str, str] | None = None
    ) -> tuple[Run, Calls]:
        """Do the same, and return the calls of the program, too."""
        self._ecr.restart()
        done = run(command, self.folder, self.environment | dict(settings or {}))
        calls = self._ecr.restart()
        if calls.by_operation.get("GetRepositoryPolicy", 0) < self._repositories:
            raise RuntimeError(f"{' '.join(command)} made too few calls: {calls}")
        return done, calls


@contextmanager
def served(
    repositories: int, conditions: Conditions, *, registries: int = 1, changed: int = 0
) -> Iterator[Served]:
    """Serve so many repositories in each registry; the first `changed` of them are not in sync."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        policies = compiled(folder, repositories)
        programs.prepare(folder, policies)
        (folder / "ecr_access.yaml").write_text(access_file(repositories, registries))
        live = policies | {name: without_ci(policies[name]) for name in list(policies)[:changed]}
        ecr = stack.enter_context(FastEcr(live, conditions))
        yield Served(folder, ecr, repositories * registries)
