"""Read a journal back: what was written, as far as the run could tell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.apply.journal_checks import parse_time, read_line
from reconciler.apply.journal_lines import HEAD, MAX_LINE, BeginJson, EndJson
from reconciler.errors import InvalidError, RefusedError
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import ChangeKind
from reconciler.policy.language.json_text import MalformedError

MAX_JOURNAL = 64 * 2**20
"""Bytes; a journal over this size is neither written nor read."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string of JSON, or the beginning of one."""


@dataclass(frozen=True, slots=True)
class Written:
    """One write that a run began, in the journal's order.

    `at` is in UTC. `before` and `after` are policies as text, None for no policy. `written` is what
    the run says became of it: None where it could not know, or was killed before it could say.
    """

    run: str
    at: datetime
    by: str
    target: Target
    assume_role: str | None
    change: ChangeKind
    before: str | None
    after: str | None
    written: bool | None = None


def read_journal(content: bytes, name: str = "the journal") -> tuple[Written, ...]:
    """Read a journal's content; an empty one tells of no write.

    Where a run was killed or its disk was full, its last line is cut off, and another run may
    have added to the file since: the line is of a write that was never begun, or of an end that
    reading must tell. At the very end whatever has no end is such a line, for who wanted to hide
    a write would take the whole line away. Raises InvalidError with the number of any other line
    that can't be read, and RefusedError for a journal of another format.
    """
    if len(content) > MAX_JOURNAL:
        raise InvalidError(f"{name} is larger than a journal can be ({MAX_JOURNAL:,} bytes)")
    if not _is_journal(content):
        raise InvalidError(f"{name} is no journal")
    *lines, rest = content.split(b"\n")
    if rest and not _is_cut_off(rest):
        lines.append(rest)
    return _Reader(name).read(lines)


def _is_journal(content: bytes) -> bool:
    """Tell whether something begins as a journal does, of whatever format.

    The first line may have been cut off at once: then the second tells.
    """
    first, *second = content.split(b"\n", 2)[:2]
    if not first.rstrip(b"\0"):
        return not content
    return _has_head(first) and (len(first) >= len(HEAD) or all(map(_has_head, second)))


def _has_head(line: bytes) -> bool:
    head = HEAD.encode()
    start = line[: len(head)].rstrip(b"\0")
    return head.startswith(start) or start.startswith(b'{"format_version":')


class _Reader:
    """Reads the lines of one journal in their order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._writes: list[Written] = []
        self._runs: set[str] = set()
        self._open: dict[tuple[str, Target], int] = {}

    def read(self, lines: Iterable[bytes]) -> tuple[Written, ...]:
        torn = 0
        for number, line in enumerate(lines, start=1):
            if _is_torn(line):
                torn = torn or number
                continue
            try:
                found = read_line(line)
                self._check_torn(torn, found)
                self._add(found)
            except MalformedError as malformed:
                raise InvalidError(f"{self._name}, line {number}: {malformed.reason}") from None
            except RefusedError as refused:
                raise RefusedError(f"{self._name}, line {number}: {refused.message}") from None
            torn = 0
        return tuple(self._writes)

    def _check_torn(self, torn: int, line: BeginJson | EndJson) -> None:
        """Only where its run came to an end there can a line be cut off."""
        if torn and (line["kind"] == "end" or line["run"] in self._runs):
            raise InvalidError(f"{self._name}, line {torn}: cut off in the middle of a run")

    def _add(self, line: BeginJson | EndJson) -> None:
        scope = RegistryScope(line["account"], line["region"])
        key = line["run"], Target(line["repository"], scope)
        if line["kind"] == "begin":
            self._runs.add(line["run"])
            self._open[key] = len(self._writes)
            self._writes.append(_begun(line, key[1]))
            return
        if key not in self._open:
            raise MalformedError("the end of a write whose beginning is missing")
        begun = self._open.pop(key)
        self._writes[begun] = replace(self._writes[begun], written=line["written"])


def _begun(line: BeginJson, target: Target) -> Written:
    return Written(
        run=line["run"],
        at=parse_time(line["at"]),
        by=line["by"],
        target=target,
        assume_role=line["assume_role"],
        change=line["change"],
        before=line["before"],
        after=line["after"],
    )


def _is_torn(line: bytes) -> bool:
    """Tell whether a line begins as one of ours, and ends before its JSON does.

    After a loss of power there may be zeros where the rest should be.
    """
    text = line.rstrip(b"\0").decode("latin-1")
    begins_right = text.startswith(HEAD) or HEAD.startswith(text)
    return begins_right and _is_cut_off(line)


def _is_cut_off(line: bytes) -> bool:
    """Tell whether the JSON object of a line does not end in it.

    A line is one flat object: outside its strings, the first brace that closes is the last.
    """
    return len(line) <= MAX_LINE and "}" not in _STRING.sub("", line.decode("latin-1"))
