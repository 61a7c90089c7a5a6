"""`reconcile demo`: every step on the embedded ECR, each a real command run as a process."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.commands.sandbox import forget_settings
from reconciler.cli.exits import Exit
from reconciler.cli.terminal import paint_for, show
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.sandbox.server import Sandbox

_REPOSITORIES = ("payments/api", "payments/worker", "tools/builder")
_EDITED = "payments/api"
_HAND_EDIT = "ecr:PutImage"


def demo() -> None:
    """Show every step on the embedded ECR, in one command."""
    forget_settings()  # before moto is loaded, which reads them
    from reconciler.sandbox.server import Sandbox

    with Sandbox() as ecr, tempfile.TemporaryDirectory() as folder:
        for name in _REPOSITORIES:
            ecr.create_repository(name)
        shown = _Demo(Path(folder), _environment(ecr))
        shown.tell("An embedded ECR runs on this machine, with three repositories; no AWS needed.")
        shown.run(0, "init")
        shown.run(0, "validate")
        shown.tell("Nothing is granted yet. The plan shows what the file would change:")
        shown.run(0, "plan", "--out", "plan.json")
        shown.tell("A reviewer approves that plan; exactly that plan is then applied.")
        shown.run(0, "apply", "plan.json", "--yes", "--journal", "first.jsonl")
        shown.tell("The service returns policies rewritten and reordered, which is no difference:")
        shown.run(0, "plan")
        by_hand = f"aws ecr set-repository-policy --repository-name {_EDITED}"
        shown.tell(f"A manual edit allows role2-2 {_HAND_EDIT}, too: {by_hand} ...")
        _edit_by_hand(ecr)
        shown.run(4, "drift")
        shown.run(0, "apply", "--yes", "--journal", "repair.jsonl")
        shown.run(0, "drift")
        shown.tell("The edit was intended. Every write is in a journal, and can be undone.")
        shown.run(0, "rollback", "repair.jsonl", "--yes", "--journal", "back.jsonl")
        shown.run(4, "drift")
        shown.tell("The exit code of each command:")
        shown.list_exit_codes()
        shown.tell("Your own file starts with: reconcile init")


def _environment(ecr: "Sandbox") -> dict[str, str]:
    """Return the user's environment without what leads to another endpoint or file."""
    from reconciler.sandbox.settings import without_settings

    return {**without_settings(os.environ), **ecr.environment()}


class _Demo:
    """Runs `reconcile` as a user would, in one folder and against one endpoint."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._paint = paint_for(sys.stdout)
        self._ended: list[tuple[str, Exit]] = []

    def tell(self, text: str) -> None:
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
                f"the demo expected exit code {expected} here, and got {done.returncode}"
            )
        show(f"{self._paint('faint', f'(exit code {done.returncode})')}\n")
        self._ended.append((command, Exit(done.returncode)))

    def list_exit_codes(self) -> None:
        """Show each command that was run, with its exit code and its meaning."""
        width = max(len(code.name) for _, code in self._ended)
        lines = [f"  {code}  {code.name.lower():{width}}  {run}\n" for run, code in self._ended]
        show("\n" + "".join(lines))


def _edit_by_hand(ecr: "Sandbox") -> None:
    """Add an action to the statement of role2-2, as `aws ecr set-repository-policy` would."""
    policy = json.loads(ecr.policy_text(_EDITED) or "{}")
    for statement in policy["Statement"]:
        if "role/role2-2" in json.dumps(statement["Principal"]):
            statement["Action"] = [*statement["Action"], _HAND_EDIT]
    ecr.set_policy_text(_EDITED, json.dumps(policy))
