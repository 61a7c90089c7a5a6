"""`reconcile demo`: all steps from a file to a rollback, on the embedded ECR.

The steps are real commands, each in a process of its own.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.commands.sandbox import isolate_environment
from reconciler.cli.exits import Exit
from reconciler.cli.terminal import paint_for, show
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.sandbox.server import Sandbox

_REPOSITORIES = ("payments/api", "payments/worker", "tools/builder")
_EDITED = "payments/api"
_ADDED_ACTION = "ecr:PutImage"


def demo() -> None:
    """Show plan, apply, drift and rollback on the embedded ECR."""
    isolate_environment()
    import tempfile

    from reconciler.sandbox.server import Sandbox

    with Sandbox() as ecr, tempfile.TemporaryDirectory() as folder:
        for name in _REPOSITORIES:
            ecr.create_repository(name)
        steps = _Steps(Path(folder), {**os.environ, **ecr.environment()})
        steps.comment("An embedded ECR runs on this machine, with three repositories. No AWS.")
        steps.run(0, "init")
        steps.run(0, "validate")
        steps.comment("The repositories have no policies yet. The plan shows what will change.")
        steps.run(0, "plan", "--out", "plan.json")
        steps.comment("After a review of the plan, exactly that plan is applied.")
        steps.run(0, "apply", "plan.json", "--yes", "--journal", "first.jsonl")
        steps.comment("ECR returns each policy rewritten and reordered. It is still in sync.")
        steps.run(0, "plan")
        edit = f"aws ecr set-repository-policy --repository-name {_EDITED} ..."
        steps.comment(f"A manual edit allows {_ADDED_ACTION} to role2-2: {edit}")
        _edit_policy(ecr)
        steps.run(4, "drift")
        steps.run(0, "apply", "--yes", "--journal", "repair.jsonl")
        steps.run(0, "drift")
        steps.comment("Each write is recorded in a journal, so an apply can be rolled back.")
        steps.run(0, "rollback", "repair.jsonl", "--yes", "--journal", "back.jsonl")
        steps.run(4, "drift")
        steps.comment("The exit code of each command:")
        steps.list_exit_codes()
        steps.comment("To start a file of your own: reconcile init")


class _Steps:
    """Runs `reconcile` as a user would, in one folder and against one endpoint."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._paint = paint_for(sys.stdout)
        self._ended: list[tuple[str, Exit]] = []

    def comment(self, text: str) -> None:
        show(f"\n{self._paint('faint', f'# {text}')}\n")

    def run(self, expected: int, *arguments: str) -> None:
        import subprocess

        command = " ".join(["reconcile", *arguments])
        show(f"\n{self._paint('heading', f'$ {command}')}\n")
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != expected:
            raise ReconcileError(
                f"{command}: the demo expected exit code {expected}, got {done.returncode}"
            )
        show(f"{self._paint('faint', f'(exit code {done.returncode})')}\n")
        self._ended.append((command, Exit(done.returncode)))

    def list_exit_codes(self) -> None:
        """Show the exit code of each command, and its name."""
        width = max(len(code.name) for _, code in self._ended)
        lines = [f"  {code}  {code.name.lower():{width}}  {run}\n" for run, code in self._ended]
        show("\n" + "".join(lines))


def _edit_policy(ecr: "Sandbox") -> None:
    """Add an action to the statement of role2-2, as `aws ecr set-repository-policy` would."""
    policy = json.loads(ecr.policy_text(_EDITED) or "{}")
    for statement in policy["Statement"]:
        if "role/role2-2" in json.dumps(statement["Principal"]):
            statement["Action"] = [*statement["Action"], _ADDED_ACTION]
    ecr.set_policy_text(_EDITED, json.dumps(policy))
