"""Run reconcile in a step: its result goes to the log, the job's summary, files and outputs.

The inputs are environment variables: COMMAND, FILE, NAME, ARGS and PLAN, as action.yml has them.
The exit code is an output, so that later steps can report a failure before it ends the job.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from action.job import add_summary, annotate, set_output
from action.report import failure, marked, marker

COMMANDS = ("validate", "plan", "apply", "drift")
MOST_NAME = 100
"""Characters; the title of an issue has the name and the file."""


class Inputs(NamedTuple):
    """The inputs of the action; `plan` is a path, and empty for none, as `name` is."""

    command: str
    file: str
    name: str
    arguments: Sequence[str]
    plan: str


class Outcome(NamedTuple):
    """How reconcile ended, and what it wrote to stderr."""

    code: int
    messages: str


def main() -> None:
    """Run reconcile, and report. Exits with 2 where the inputs are wrong."""
    try:
        inputs = _inputs()
    except ValueError as error:
        annotate("error", str(error))
        sys.exit(2)
    folder = Path(tempfile.mkdtemp(prefix="reconcile-", dir=os.environ["RUNNER_TEMP"]))
    plan = Path(os.environ["GITHUB_WORKSPACE"], inputs.plan or folder / "plan.json")
    journal = folder / "journal.jsonl"
    options = {
        "validate": [],
        "plan": ["--out", str(plan)],
        "apply": ["--yes", "--journal", str(journal)],
        "drift": [],
    }[inputs.command]
    results = [f"json={folder / 'result.json'}"]
    if inputs.command != "apply":
        results.append(f"github={folder / 'annotations'}")
    if inputs.command != "validate":
        results.append(f"markdown={folder / 'report.md'}")
    saved = [inputs.plan] if inputs.command == "apply" and inputs.plan else []
    outputs = [word for one in results for word in ("--write", one)]
    outcome = _run(
        [inputs.command, *saved, "-f", inputs.file, *outputs, *options, *inputs.arguments]
    )
    print(_read(folder / "annotations"), end="", flush=True)
    if inputs.command != "validate":
        first = marker(inputs.command, inputs.file, inputs.name)
        written = _read(folder / "report.md")
        report = (
            marked(first, written)
            if written
            else failure(first, inputs.command, outcome.code, outcome.messages)
        )
        (folder / "report.md").write_text(report, encoding="utf-8")
        add_summary(report)
    set_output("exit-code", outcome.code)
    set_output("changes", _changes(_read(folder / "result.json")))
    set_output("plan-path", plan if inputs.command == "plan" and plan.exists() else "")
    set_output("journal-path", journal if journal.exists() else "")
    set_output("report-path", folder / "report.md")


def _inputs() -> Inputs:
    command = os.environ["COMMAND"]
    if command not in COMMANDS:
        raise ValueError(f"the input 'command' is {command!r}, not one of {', '.join(COMMANDS)}")
    try:
        arguments = shlex.split(os.environ["ARGS"])
    except ValueError as error:
        raise ValueError(f"the input 'args' can't be split into words: {error}") from error
    name = os.environ["NAME"]
    if len(name) > MOST_NAME or not name.isprintable():
        raise ValueError(f"the input 'name' takes one line of at most {MOST_NAME} characters")
    return Inputs(command, os.environ["FILE"], name, arguments, os.environ["PLAN"])


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
