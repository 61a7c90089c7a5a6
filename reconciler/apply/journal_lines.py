"""The lines of a journal: what is about to be written, and what became of it, as JSON.

Every line is whole in itself: one JSON object in ASCII, with a digest over the rest of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypedDict, get_args

from reconciler.apply.model import Outcome, Result
from reconciler.model.registry import RegistryScope
from reconciler.plan.model import Change, ChangeKind
from reconciler.plan.saved_plan import TOOL, digest_of
from reconciler.printable import printable

FORMAT_VERSION = "1"
"""The form of the lines; another one for whatever a reader of this one would misread."""

HEAD = f'{{"format_version":"{FORMAT_VERSION}","tool":"{TOOL}","kind":"'
"""How each line begins; a line that was cut off is told by it."""

MAX_LINE = 2**20
"""Bytes; two policies of 10,240 characters, as the service spells them, take a tenth of it."""

_MOST_OF_ERROR = 240
TIME = "%Y-%m-%dT%H:%M:%SZ"

Command = Literal["apply", "rollback"]


class Author(NamedTuple):
    """Who writes to a registry: the caller's ARN, and the role assumed for it, if any."""

    arn: str
    assume_role: str | None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What all lines of one run have in common.

    `run` is the run's id, of letters, digits and `-`; `plan` the digest of the plan (`sha256:`
    and 64 hex digits), None where it was not saved; `file` the path of what the plan was made from;
    `authors` has everyone that changes are written as.
    """

    run: str
    command: Command
    plan: str | None
    file: str | None
    authors: Mapping[RegistryScope, Author]


class BeginJson(TypedDict):
    """One repository that is about to be written."""

    format_version: str
    tool: str
    kind: Literal["begin"]
    run: str
    at: str
    by: str
    command: Command
    plan: str | None
    file: str | None
    account: str
    region: str
    assume_role: str | None
    repository: str
    change: ChangeKind
    before: str | None
    after: str | None
    digest: str


class EndJson(TypedDict):
    """What became of a write that was begun."""

    format_version: str
    tool: str
    kind: Literal["end"]
    run: str
    at: str
    account: str
    region: str
    repository: str
    outcome: Result
    written: bool | None
    error: str | None
    digest: str


def begin_line(info: RunInfo, change: Change, at: datetime) -> bytes:
    """Write the line that goes before a write; `at` is in UTC."""
    scope = change.target.scope
    author = info.authors[scope]
    return _line(
        "begin",
        {
            "run": info.run,
            "at": at.strftime(TIME),
            "by": printable(author.arn),
            "command": info.command,
            "plan": info.plan,
            "file": None if info.file is None else printable(info.file),
            "account": scope.account,
            "region": scope.region,
            "assume_role": author.assume_role,
            "repository": change.target.repository,
            "change": change.change,
            "before": change.before_text,
            "after": change.after_text,
        },
    )


def end_line(info: RunInfo, outcome: Outcome, at: datetime) -> bytes:
    """Write the line that goes after a write; `at` is in UTC."""
    target = outcome.change.target
    return _line(
        "end",
        {
            "run": info.run,
            "at": at.strftime(TIME),
            "account": target.scope.account,
            "region": target.scope.region,
            "repository": target.repository,
            "outcome": outcome.result,
            "written": outcome.written,
            "error": None if outcome.error is None else _short(outcome.error),
        },
    )


def longest_end(info: RunInfo, change: Change, at: datetime) -> int:
    """Give the bytes that the line after a write may take at the most."""
    longest = max(get_args(Result), key=len)
    worst = Outcome(change, longest, '"' * _MOST_OF_ERROR, written=False)
    return len(end_line(info, worst, at))


def _line(kind: str, fields: Mapping[str, object]) -> bytes:
    line = {"format_version": FORMAT_VERSION, "tool": TOOL, "kind": kind, **fields}
    line["digest"] = digest_of(line)
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def _short(error: str) -> str:
    """Give the beginning of an error in ASCII, so that its size is bounded."""
    plain = printable(error).encode("ascii", "backslashreplace").decode("ascii")
    return plain[:_MOST_OF_ERROR]
