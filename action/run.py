"""Run reconcile in a step: its result goes to the log, the job's summary, files and outputs.

The exit code is an output, so that later steps can report a failure before it ends the job.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from action.inputs import Inputs, read_inputs
from action.job import add_summary, annotate, set_output
from action.report import failure, marked, marker

WRONG_USAGE = 2
SAVED_PLAN = b'{\n  "format_version"'
"""How a plan begins that reconcile has saved."""


class Outcome(NamedTuple):
    """How reconcile ended, and what it wrote to stderr."""

    code: int
    messages: str


class Files(NamedTuple):
    """What a run writes: its result, its annotations, its report, a journal and a plan."""

    result: Path
    annotations: Path
    report: Path
    journal: Path
    plan: Path


def main() -> None:
    """Run reconcile, and report what it did, or that the inputs are wrong."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-", dir=os.environ["RUNNER_TEMP"]))
    names = ("result.json", "annotations", "report.md", "journal.jsonl", "plan.json")
    files = Files(*(folder / name for name in names))
    try:
        inputs = read_inputs()
    except ValueError as error:
        _report(files, Outcome(WRONG_USAGE, f"{error}\n"))
        return
    if inputs.plan:
        files = files._replace(plan=Path(os.environ["GITHUB_WORKSPACE"], inputs.plan))
    if inputs.command == "plan" and _is_plan(files.plan):
        files.plan.unlink()  # a plan that fails must not leave the one before it
    _report(files, _run(_arguments(inputs, files)))


def _arguments(inputs: Inputs, files: Files) -> list[str]:
    options = {
        "validate": [],
        "plan": ["--out", str(files.plan)],
        "apply": ["--yes", "--journal", str(files.journal)],
        "drift": [],
    }[inputs.command]
    results = [f"json={files.result}"]
    if inputs.command != "apply":
        results.append(f"github={files.annotations}")
    if inputs.command != "validate":
        results.append(f"markdown={files.report}")
    saved = [inputs.plan] if inputs.command == "apply" and inputs.plan else []
    outputs = [word for one in results for word in ("--write", one)]
    rules = [word for one in inputs.rules for word in ("--rules", one)]
    read = ["-f", inputs.file, *rules]
    return [inputs.command, *saved, *inputs.arguments, *read, *outputs, *options]


def _is_plan(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SAVED_PLAN)) == SAVED_PLAN


def _report(files: Files, outcome: Outcome) -> None:
    """Show the annotations and the report, and set the outputs of the step."""
    command = os.environ["COMMAND"]
    annotations, written = _read(files.annotations), _read(files.report)
    print(annotations, end="", flush=True)
    if outcome.code and not (annotations or written):
        annotate("error", outcome.messages)
    if command != "validate":
        first = marker(command, os.environ["FILE"], os.environ["NAME"])
        report = (
            marked(first, written)
            if written
            else failure(first, command, outcome.code, outcome.messages)
        )
        files.report.write_text(report, encoding="utf-8")
        add_summary(report)
    set_output("exit-code", outcome.code)
    set_output("changes", _changes(_read(files.result)))
    set_output("plan-path", files.plan if command == "plan" and _is_plan(files.plan) else "")
    set_output("journal-path", files.journal if files.journal.exists() else "")
    set_output("report-path", files.report)


def _run(arguments: Sequence[str]) -> Outcome:
    """Run reconcile where the files are; what it writes is shown at once.

    A job that is cancelled interrupts it once, so that an apply ends in order.
    """
    messages: list[str] = []
    with subprocess.Popen(
        [Path(sys.executable).with_name("reconcile"), *arguments],
        cwd=os.environ["GITHUB_WORKSPACE"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: process.send_signal(number))
        for line in process.stderr or ():
            messages.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
    return Outcome(process.returncode, "".join(messages))


def _changes(result: str) -> str:
    """Return how many changes a result has; an empty string where there is no result."""
    document: object = json.loads(result or "null")
    match document:
        case {"changes": list(changes)}:
            return str(len(changes))
    return ""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
