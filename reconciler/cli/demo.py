"""The steps of `reconcile demo`: real commands, each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.cli.terminal import paint_for, show
from reconciler.errors import ReconcileError
from reconciler.sandbox.environment import without_aws_settings
from reconciler.sandbox.server import Sandbox

_REPOSITORIES = ("payments/api", "payments/worker", "tools/builder")
_EDITED = "payments/api"
_ADDED_ACTION = "ecr:PutImage"


def run_demo() -> None:
    """Run all steps on an embedded ECR. Raises ReconcileError if one ends unexpectedly."""
    with Sandbox() as ecr, tempfile.TemporaryDirectory() as folder:
        for name in _REPOSITORIES:
            ecr.create_repository(name)
        demo = _Demo(Path(folder), {**without_aws_settings(os.environ), **ecr.environment()})
        demo.comment("An embedded ECR runs on this machine, with three repositories. No AWS.")
        demo.run(0, "init")
        demo.run(0, "validate")
        demo.comment("The repositories have no policies yet. The plan shows what will change.")
        demo.run(0, "plan", "--out", "plan.json")
        demo.comment("After a review of the plan, exactly that plan is applied.")
        demo.run(0, "apply", "plan.json", "--yes", "--journal", "first.jsonl")
        demo.comment("ECR returns each policy rewritten and in another order. It is still in sync.")
        demo.run(0, "plan")
        edit = f"aws ecr set-repository-policy --repository-name {_EDITED} ..."
        demo.comment(f"A manual edit allows {_ADDED_ACTION} to role2-2: {edit}")
        _edit_policy(ecr)
        demo.run(4, "drift")
        demo.run(0, "apply", "--yes", "--journal", "repair.jsonl")
        demo.run(0, "drift")
        demo.comment("Each write is recorded in a journal, so an apply can be rolled back.")
        demo.run(0, "rollback", "repair.jsonl", "--yes", "--journal", "back.jsonl")
        demo.run(4, "drift")
        demo.comment("The exit code of each command:")
        demo.list_exit_codes()
        demo.comment("To start a file of your own: reconcile init")


class _Demo:
    """Runs `reconcile` as a user would, in one folder and against one endpoint."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._paint = paint_for(sys.stdout)
        self._ended: list[tuple[str, Exit]] = []

    def comment(self, text: str) -> None:
        show(f"\n{self._paint('faint', f'# {text}')}\n")

    def run(self, expected: int, *arguments: str) -> None:
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


def _edit_policy(ecr: Sandbox) -> None:
    """Add an action to the statement of role2-2, as `aws ecr set-repository-policy` would."""
    policy = json.loads(ecr.policy_text(_EDITED) or "{}")
    for statement in policy["Statement"]:
        if "role/role2-2" in json.dumps(statement["Principal"]):
            statement["Action"] = [*statement["Action"], _ADDED_ACTION]
    ecr.set_policy_text(_EDITED, json.dumps(policy))
