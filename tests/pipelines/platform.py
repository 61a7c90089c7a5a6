"""GitHub Actions, as far as the action and the example workflows need it: steps that run for real.

Each `run:` of the YAML is run by bash as the runner does ("Workflow syntax for GitHub Actions",
`shell`), with the variables that the runner sets. A step with `uses:` only has the outputs that a
test gives it.
"""

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TOKEN = "ghs_tokenOfThisRun"
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")


@dataclass(frozen=True)
class Ran:
    """How an action ended: the exit code of its last step that ran, its log, its outputs."""

    code: int
    log: str
    steps: Mapping[str, str]
    outputs: Mapping[str, str]
    summary: str


@dataclass(frozen=True)
class Runner:
    """A runner: its folders and variables; `started` is told of the process of each step."""

    workspace: Path
    temporary: Path
    environment: Mapping[str, str]
    api: str = "http://127.0.0.1:9"
    event: Mapping[str, object] = field(default_factory=dict)
    started: Callable[[subprocess.Popen[str]], None] = lambda _: None

    def run(
        self,
        action: Mapping[str, object],
        inputs: Mapping[str, str],
        given: Mapping[str, Mapping[str, str]],
        skip: Sequence[str] = (),
    ) -> Ran:
        """Run a composite action; `given` are the outputs of the steps with `uses:`, by id."""
        declared = action["inputs"]
        known = {name: str(one.get("default", "")) for name, one in declared.items()}
        assert set(inputs) <= set(known)
        context = {f"inputs.{name}": text for name, text in {**known, **inputs}.items()}
        context = {name: filled(text, {"github.token": TOKEN}) for name, text in context.items()}
        context |= {
            f"steps.{step}.outputs.{name}": text
            for step, outputs in given.items()
            for name, text in outputs.items()
        }
        summary = self.temporary / "summary.md"
        log, code, ran = "", 0, {}
        for step in action["runs"]["steps"]:
            title = step["name"]
            if "uses" in step or title in skip or not holds(step.get("if"), context):
                continue
            code, ran[title], outputs = self._step(step, context, summary)
            log += ran[title]
            context |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in outputs.items()}
            if code:
                break
        shown = {name: filled(one["value"], context) for name, one in action["outputs"].items()}
        return Ran(code, log, ran, shown, summary.read_text() if summary.exists() else "")

    def _step(
        self, step: Mapping[str, object], context: Mapping[str, str], summary: Path
    ) -> tuple[int, str, Mapping[str, str]]:
        self.temporary.mkdir(exist_ok=True)
        script, output, event = (self.temporary / n for n in ("step.sh", "output", "event.json"))
        script.write_text(step["run"])
        output.write_text("")
        event.write_text(json.dumps(self.event))
        own = {name: filled(text, context) for name, text in step.get("env", {}).items()}
        process = subprocess.Popen(
            [*BASH, script],
            cwd=self.workspace,
            env={
                **self.environment,
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_API_URL": self.api,
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_REPOSITORY": "octo-org/access",
                "GITHUB_RUN_ID": "42",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temporary),
                **own,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.started(process)
        log, _ = process.communicate(timeout=120)
        lines = output.read_text().splitlines()
        return process.returncode, log, dict(line.split("=", 1) for line in lines)


def load(path: Path) -> Mapping[str, object]:
    """The YAML of an action or a workflow; `on` and `true` are text, as the platform reads them."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def filled(text: str, context: Mapping[str, str]) -> str:
    """A text with its expressions replaced; what nothing has set is empty."""
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: context.get(found[1], ""), text)


def holds(condition: str | None, context: Mapping[str, str], *, failed: bool = False) -> bool:
    """Whether an `if:` holds, after a failure or without one.

    It may only compare, with `==` and `!=`, and join by `&&`; `always()` may be its first term.
    """
    inside = (condition or "").strip().removeprefix("${{").removesuffix("}}").strip()
    if failed and not inside.startswith("always()"):
        return False
    terms = [term.strip() for term in inside.split("&&") if term.strip() not in {"", "always()"}]
    compared = [re.fullmatch(r"(\S+) ([!=])= (\S+)", term) for term in terms]
    assert all(compared), condition
    return all(
        (_value(one[1], context) == _value(one[3], context)) == (one[2] == "=") for one in compared
    )


def _value(operand: str, context: Mapping[str, str]) -> str:
    return operand.strip("'") if operand.startswith("'") else context.get(operand, "")
