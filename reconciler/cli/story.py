"""The story that `reconcile demo` tells: each step a real command, run as a process."""

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
_HAND_EDIT = "ecr:PutImage"


def tell_story() -> None:
    """Run every step on an embedded ECR. Raises ReconcileError where one ends unexpectedly."""
    with Sandbox() as ecr, tempfile.TemporaryDirectory() as folder:
        for name in _REPOSITORIES:
            ecr.create_repository(name)
        story = _Story(Path(folder), _environment(ecr))
        story.tell("An embedded ECR runs on this machine, with three repositories; no AWS needed.")
        story.run(0, "init")
        story.run(0, "validate")
        story.tell("Nothing is granted yet. What would the file change?")
        story.run(0, "plan", "--out", "plan.json")
        story.tell("Somebody reviews that plan; exactly that plan is then applied.")
        story.run(0, "apply", "plan.json", "--yes", "--journal", "first.jsonl")
        story.tell("The service gives each policy back rewritten and in another order. No matter:")
        story.run(0, "plan")
        by_hand = f"aws ecr set-repository-policy --repository-name {_EDITED}"
        story.tell(f"By hand, somebody lets role2-2 do {_HAND_EDIT}, too: {by_hand} ...")
        _edit_by_hand(ecr)
        story.run(4, "drift")
        story.run(0, "apply", "--yes", "--journal", "repair.jsonl")
        story.run(0, "drift")
        story.tell("Was the edit meant after all? Every write is in a journal, and can be undone.")
        story.run(0, "rollback", "repair.jsonl", "--yes", "--journal", "back.jsonl")
        story.run(4, "drift")
        story.tell("What each command ended with:")
        story.list_exit_codes()
        story.tell("Your own file starts with: reconcile init")


def _environment(ecr: Sandbox) -> dict[str, str]:
    """Give the user's environment without anything that leads to another endpoint or file."""
    return {**without_aws_settings(os.environ), **ecr.environment()}


class _Story:
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
        """Show each command that was run, with its exit code and what that says."""
        width = max(len(code.name) for _, code in self._ended)
        lines = [f"  {code}  {code.name.lower():{width}}  {run}\n" for run, code in self._ended]
        show("\n" + "".join(lines))


def _edit_by_hand(ecr: Sandbox) -> None:
    """Add an action to the statement of role2-2, as `aws ecr set-repository-policy` would."""
    policy = json.loads(ecr.policy_text(_EDITED) or "{}")
    for statement in policy["Statement"]:
        if "role/role2-2" in json.dumps(statement["Principal"]):
            statement["Action"] = [*statement["Action"], _HAND_EDIT]
    ecr.set_policy_text(_EDITED, json.dumps(policy))
