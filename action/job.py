"""What the runner gives to a step, and takes from it.

Source: "Variables reference" and "Workflow commands for GitHub Actions" (GitHub Docs).
"""

import json
import os
import time
from pathlib import Path
from typing import NamedTuple

from action.api import MOST_WAITING, Api

_MOST_SECONDS = 120 + MOST_WAITING
"""For all calls of a step to the API, and the waits between them."""


class PullRequest(NamedTuple):
    """The pull request that a run is about: its number and its newest commit."""

    number: int
    commit: str


def pull_request() -> PullRequest | None:
    """Return the pull request that started this run; None for another event."""
    event: object = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    match event:
        case {"pull_request": {"number": int(number), "head": {"sha": str(commit)}}}:
            return PullRequest(number, commit)
    return None


def api() -> Api:
    """Return the API with the token of this step, and its deadline from now."""
    return Api(
        os.environ["GITHUB_API_URL"],
        os.environ["GITHUB_REPOSITORY"],
        os.environ["GITHUB_TOKEN"],
        time.monotonic() + _MOST_SECONDS,
    )


def run_address() -> str:
    """Return the address of this run's page."""
    server, repository = os.environ["GITHUB_SERVER_URL"], os.environ["GITHUB_REPOSITORY"]
    return f"{server}/{repository}/actions/runs/{os.environ['GITHUB_RUN_ID']}"


def set_output(name: str, value: object) -> None:
    """Set an output of this step. Raises ValueError for a value of several lines."""
    text = str(value)
    if len(text.splitlines()) > 1:
        raise ValueError(f"the output {name} would have several lines")
    _append("GITHUB_OUTPUT", f"{name}={text}\n")


def add_summary(markdown: str) -> None:
    """Add Markdown to the summary of this job."""
    _append("GITHUB_STEP_SUMMARY", f"{markdown}\n")


def annotate(level: str, message: str) -> None:
    """Show a message in the log and on the page of the run."""
    print(f"::{level} title=reconcile::{' '.join(message.split())}", flush=True)


def _append(variable: str, text: str) -> None:
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(text)
