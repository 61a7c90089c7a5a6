"""The format of a journal: a line before each write, and one after it with the outcome.

Every line is one JSON object in ASCII, with a digest over the rest of it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, NotRequired, cast, get_args

from reconciler.apply.model import Done, Outcome, Result
from reconciler.errors import InvalidError, RefusedError
from reconciler.model.registry import (
    MAX_NAME_LENGTH,
    MIN_NAME_LENGTH,
    REPOSITORY_NAME,
    AssumedRole,
    RegistryScope,
    Subject,
    Target,
    template_target,
)
from reconciler.model.templates import EVERY_REPOSITORY, ROOT, CreationTemplate, read_template
from reconciler.plan.model import Change, ChangeKind
from reconciler.plan.saved.parts import TOOL, PlaceJson, digest_of, target_of
from reconciler.policy import (
    ACCOUNT_ID,
    MAX_POLICY_CHARACTERS,
    REGION,
    MalformedError,
    load_json,
    parse_arn,
    partition_of_region,
)
from reconciler.printable import printable

FORMAT_VERSION = "3"
"""Changes with whatever a reader of the earlier format would misread."""

_ROLE_FIELDS = frozenset({"external_id", "session_name"})
_LACKING: Mapping[str, frozenset[str]] = {
    FORMAT_VERSION: frozenset(),
    "2": _ROLE_FIELDS | {"profile"},
    "1": _ROLE_FIELDS | {"profile", "subject"},
}
"""The fields that each format lacks; a line without a `subject` is about a repository's policy."""

_OPTIONAL = frozenset({"profile"})
"""Fields of the latest format that a line has only where they say something."""


def _head(version: str) -> str:
    return f'{{"format_version":"{version}","tool":"{TOOL}","kind":"'


HEAD = _head(FORMAT_VERSION)
"""The start of every line, by which a truncated one is recognized."""

_HEADS = tuple(map(_head, _LACKING))  # of the same length

MAX_LINE = 2**21
"""Bytes; two creation templates that are as long as the service allows take less, whatever their
characters."""

MAX_JOURNAL = 64 * 2**20
"""Bytes; a larger journal is neither written nor read."""

_MAX_ERROR = 240  # characters
_TIME = "%Y-%m-%dT%H:%M:%SZ"

Command = Literal["apply", "rollback"]


class Author(NamedTuple):
    """Who writes to a registry: the caller's ARN, and the role assumed for it, if any.

    `profile` is the AWS profile whose credentials are used; None for boto3's own choice.
    """

    arn: str
    assume_role: AssumedRole | None
    profile: str | None = None


class RunInfo(NamedTuple):
    """What all lines of one run have in common.

    `run` is the run's id, of letters, digits and `-`; `plan` the digest of the saved plan
    (`sha256:` and 64 hex digits), None without one; `file` the path of what the plan was made from;
    `authors` has the author of each registry's changes.
    """

    run: str
    command: Command
    plan: str | None
    file: str | None
    authors: Mapping[RegistryScope, Author]


class JournaledWrite(NamedTuple):
    """One write that a run began.

    `at` is in UTC. `before` and `after` are texts of the target's subject, None for none. `written`
    is unknown if the run could not know it, or was killed before it recorded it.
    """

    run: str
    at: datetime
    by: str
    target: Target
    assume_role: AssumedRole | None
    change: ChangeKind
    before: str | None
    after: str | None
    written: Done = Done.UNKNOWN
    profile: str | None = None


class _LineJson(PlaceJson):
    format_version: str
    tool: str
    run: str
    at: str
    digest: str


class BeginJson(_LineJson):
    """One policy or creation template that is about to be written."""

    kind: Literal["begin"]
    by: str
    command: Command
    plan: str | None
    file: str | None
    assume_role: str | None
    external_id: NotRequired[str | None]
    session_name: NotRequired[str | None]
    profile: NotRequired[str]
    change: ChangeKind
    before: str | None
    after: str | None


class EndJson(_LineJson):
    """The outcome of a write that was begun."""

    kind: Literal["end"]
    outcome: Result
    written: bool | None
    error: str | None


_Check = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_printable(value: object) -> bool:
    return isinstance(value, str) and printable(value) == value


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and _parse_time(value).strftime(_TIME) == value
    except ValueError:
        return False


def _matches(regex: str) -> _Check:
    return lambda value: isinstance(value, str) and re.fullmatch(regex, value) is not None


def _one_of(*choices: str) -> _Check:
    return lambda value: value in choices


def _or_null(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


_is_digest = _matches("sha256:[0-9a-f]{64}")
_LINE: Mapping[str, _Check] = {
    "format_version": _one_of(*_LACKING),
    "tool": _one_of(TOOL),
    "kind": _is_text,
    "run": _matches("[A-Za-z0-9-]{1,64}"),
    "at": _is_time,
    "account": _matches(ACCOUNT_ID.pattern),
    # It becomes part of a host's name: only letters, digits and hyphens.
    "region": _matches(REGION.pattern),
    "subject": _one_of(*get_args(Subject)),
    "repository": _is_text,
    "digest": _is_digest,
}
_FIELDS: Mapping[str, Mapping[str, _Check]] = {
    "begin": {
        **_LINE,
        "by": _is_printable,
        "command": _one_of(*get_args(Command)),
        "plan": _or_null(_is_digest),
        "file": _or_null(_is_printable),
        "assume_role": _or_null(_is_printable),
        # As AssumeRole takes them (AWS STS API Reference, "AssumeRole").
        "external_id": _or_null(_matches("[A-Za-z0-9_+=,.@:/-]{2,1224}")),
        "session_name": _or_null(_matches("[A-Za-z0-9_+=,.@-]{2,64}")),
        "profile": lambda value: value != "" and _is_printable(value),
        "change": _one_of(*get_args(ChangeKind)),
        # A live policy may be any text, and is restored as it was.
        "before": _or_null(_is_text),
        "after": _or_null(_is_text),
    },
    "end": {
        **_LINE,
        "outcome": _one_of(*get_args(Result)),
        "written": lambda value: value is None or isinstance(value, bool),
        "error": _or_null(_matches("[ -~]*")),
    },
}
"""The fields of each kind of line, in the order in which they are checked."""

_FIELDS_OF = {
    version: {kind: frozenset(fields) - lacking for kind, fields in _FIELDS.items()}
    for version, lacking in _LACKING.items()
}
"""The names of the fields of each kind of line, by the format's version."""


def begin_line(info: RunInfo, change: Change, at: datetime) -> bytes:
    """Return the line before a write; `at` is in UTC."""
    author = info.authors[change.target.scope]
    role = author.assume_role
    fields = {
        "by": printable(author.arn),
        "command": info.command,
        "plan": info.plan,
        "file": None if info.file is None else printable(info.file),
        "assume_role": role and role.arn,
        "external_id": role and role.external_id,
        "session_name": role and role.session_name,
        **({} if author.profile is None else {"profile": printable(author.profile)}),
        "change": change.change,
        "before": change.before_text,
        "after": change.after_text,
    }
    return _line("begin", info, change.target, at, fields)


def end_line(info: RunInfo, outcome: Outcome, at: datetime) -> bytes:
    """Return the line after a write; `at` is in UTC."""
    fields = {
        "outcome": outcome.result,
        "written": outcome.written.value,
        "error": None if outcome.error is None else _shortened(outcome.error),
    }
    return _line("end", info, outcome.change.target, at, fields)


def max_end_size(info: RunInfo, change: Change, at: datetime) -> int:
    """Return the bytes that the line after a write takes at most."""
    longest = max(get_args(Result), key=len)
    worst = Outcome(change, longest, '"' * _MAX_ERROR, written=Done.NO)
    return len(end_line(info, worst, at))


def _line(
    kind: str, info: RunInfo, target: Target, at: datetime, fields: Mapping[str, object]
) -> bytes:
    line: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "tool": TOOL,
        "kind": kind,
        "run": info.run,
        "at": at.strftime(_TIME),
        "account": target.scope.account,
        "region": target.scope.region,
        "subject": target.subject,
        "repository": target.repository,
        **fields,
    }
    line["digest"] = digest_of(line)
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def _shortened(error: str) -> str:
    plain = printable(error).encode("ascii", "backslashreplace").decode("ascii")
    return plain[:_MAX_ERROR]


def read_line(line: bytes) -> BeginJson | EndJson:
    """Read one line, without its end, which may come from anyone.

    Raises MalformedError, and RefusedError for another format or digest.
    """
    if len(line) > MAX_LINE:
        raise MalformedError(f"larger than a line can be ({MAX_LINE:,} bytes)")
    try:
        value = load_json(line.decode("ascii"))
    except UnicodeDecodeError:
        raise MalformedError("not ASCII") from None
    if not isinstance(value, dict) or value.get("tool") != TOOL:
        raise MalformedError("not a line of a reconcile journal")
    _check_fields(value, _FIELDS_OF[_version(value)])
    _check_name(target_of(cast("PlaceJson", value)))
    if value["kind"] == "end":
        end = cast("EndJson", value)
        _check_outcome(end)
        return end
    begin = cast("BeginJson", value)
    _check_change(begin)
    _check_texts(begin)
    _check_role(begin)
    return begin


def _version(line: Mapping[str, object]) -> str:
    """Return the format of a line. Raises RefusedError for one that is not known."""
    found = line.get("format_version")
    for version in _LACKING:
        if found == version:
            return version
    raise RefusedError(
        "written by another version of reconcile; this one reads the formats "
        f"{', '.join(sorted(_LACKING))}"
    )


def _check_fields(value: Mapping[str, object], by_kind: Mapping[str, frozenset[str]]) -> None:
    kind = value.get("kind")
    fields = by_kind.get(kind) if isinstance(kind, str) else None
    if not isinstance(kind, str) or fields is None:
        raise MalformedError("'kind' is neither begin nor end")
    if differing := (value.keys() ^ fields) - (_OPTIONAL & fields):
        field = min(differing)
        raise MalformedError(f"{field!r} is {'unknown' if field in value else 'missing'}")
    for field, is_valid in _FIELDS[kind].items():
        if field in value and not is_valid(value[field]):
            raise MalformedError(f"{field!r} has an invalid value")
    if value["digest"] != digest_of(value):
        raise RefusedError(
            "edited or damaged since it was written: its digest does not match its content"
        )


def _check_name(target: Target) -> None:
    name = target.repository
    if target.subject == "registry-policy":
        is_valid = name == EVERY_REPOSITORY
    elif target.subject == "creation-template" and name == ROOT:
        is_valid = True
    else:
        least = 1 if target.subject == "creation-template" else MIN_NAME_LENGTH
        is_valid = bool(REPOSITORY_NAME.fullmatch(name)) and least <= len(name) <= MAX_NAME_LENGTH
    if not is_valid:
        raise MalformedError("'repository' has an invalid value")


def _check_texts(line: BeginJson) -> None:
    """Require texts that can be restored; the new one was sent, so its policy has a limit.

    No run changes more of a template than its policy and what it is applied for.
    """
    target, after = target_of(line), line["after"]
    if target.subject == "creation-template":
        old, new = _template(target, line["before"], "before"), _template(target, after, "after")
        if old and new and old.rest != new.rest:
            raise MalformedError("'after' changes more of the template than a run does")
    if len(target.policy_of(after) or "") > MAX_POLICY_CHARACTERS:
        raise MalformedError("'after' has an invalid value")


def _template(target: Target, text: str | None, field: str) -> CreationTemplate | None:
    """Read the template that a line is about; None for none."""
    try:
        found = None if text is None else read_template(text)
    except MalformedError:
        raise MalformedError(f"{field!r} has an invalid value") from None
    if found and template_target(found.prefix, target.scope) != target:
        raise MalformedError(f"{field!r} is another template")
    return found


def _check_change(line: BeginJson) -> None:
    before, after, subject = line["before"], line["after"], target_of(line).subject
    is_new = subject == "repository-policy" or (
        subject == "creation-template" and after is not None
    )
    fits = {
        "create": before is None and is_new,
        "delete": after is None,
        "set": after is not None,
    }
    if not fits[line["change"]]:
        raise MalformedError("'change' does not fit its texts")


def _check_outcome(line: EndJson) -> None:
    expected = {"applied": True, "in-force": False}
    if line["outcome"] in expected and line["written"] is not expected[line["outcome"]]:
        raise MalformedError("'written' does not fit 'outcome'")


def _check_role(line: BeginJson) -> None:
    """Require a role of the registry's own account, as every author must be."""
    if line["assume_role"] is None:
        if line.get("external_id") or line.get("session_name"):
            raise MalformedError("'assume_role' is missing")
        return
    arn = parse_arn(line["assume_role"])
    own = (partition_of_region(line["region"]), line["account"], "role")
    if arn is None or (arn.partition, arn.account, arn.resource_type) != own:
        raise MalformedError("'assume_role' is not a role of the registry's account")


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_journal(content: bytes, name: str = "the journal") -> tuple[JournaledWrite, ...]:
    """Read a journal's content: the writes, in its order; none from an empty journal.

    A run that is killed, or whose disk is full, leaves its last line truncated, and another run
    may have added lines since. Such a line begins a write that was never sent, or ends one whose
    outcome is then unknown. At the very end, any text without an end counts as such a line: whoever
    wants to hide a write could remove the line as well. Raises InvalidError, with the number, for
    any other unreadable line, and RefusedError for a journal of another format.
    """
    if len(content) > MAX_JOURNAL:
        raise InvalidError(f"{name} is larger than a journal can be ({MAX_JOURNAL:,} bytes)")
    if not _is_journal(content):
        raise InvalidError(f"{name} is not a reconcile journal")
    *lines, rest = content.split(b"\n")
    if rest and not _is_unfinished(rest):
        lines.append(rest)
    return _JournalReader(name).read(lines)


def _is_journal(content: bytes) -> bool:
    """Return whether the content starts as a journal of any format does.

    The second line decides if the first is truncated.
    """
    first, *second = content.split(b"\n", 2)[:2]
    if not first.rstrip(b"\0"):
        return not content
    return _has_head(first) and (len(first) >= len(HEAD) or all(map(_has_head, second)))


def _has_head(line: bytes) -> bool:
    start = line[: len(HEAD)].rstrip(b"\0").decode("latin-1")
    return _starts_a_line(start) or start.startswith('{"format_version":')


def _starts_a_line(text: str) -> bool:
    return any(text.startswith(head) or head.startswith(text) for head in _HEADS)


class _JournalReader:
    """Reads the lines of one journal in their order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._writes: list[JournaledWrite] = []
        self._runs: set[str] = set()
        self._open: dict[tuple[str, Target], int] = {}

    def read(self, lines: Iterable[bytes]) -> tuple[JournaledWrite, ...]:
        truncated = 0
        for number, line in enumerate(lines, start=1):
            if _is_truncated(line):
                truncated = truncated or number
                continue
            try:
                found = read_line(line)
                self._check_truncated(truncated, found)
                self._add(found)
            except MalformedError as malformed:
                raise InvalidError(f"{self._name}, line {number}: {malformed.reason}") from None
            except RefusedError as refused:
                raise RefusedError(f"{self._name}, line {number}: {refused.message}") from None
            truncated = 0
        return tuple(self._writes)

    def _check_truncated(self, truncated: int, following: BeginJson | EndJson) -> None:
        """Require that a run ended where a line is truncated."""
        if truncated and (following["kind"] == "end" or following["run"] in self._runs):
            raise InvalidError(f"{self._name}, line {truncated}: truncated in the middle of a run")

    def _add(self, line: BeginJson | EndJson) -> None:
        target = target_of(line)
        key = line["run"], target
        if line["kind"] == "begin":
            self._runs.add(line["run"])
            self._open[key] = len(self._writes)
            self._writes.append(_begun(line, target))
            return
        if key not in self._open:
            raise MalformedError("the end of a write without its beginning")
        number = self._open.pop(key)
        self._writes[number] = self._writes[number]._replace(written=Done(line["written"]))


def _begun(line: BeginJson, target: Target) -> JournaledWrite:
    role = line["assume_role"]
    return JournaledWrite(
        run=line["run"],
        at=_parse_time(line["at"]),
        by=line["by"],
        target=target,
        assume_role=None
        if role is None
        else AssumedRole(role, line.get("external_id"), line.get("session_name")),
        change=line["change"],
        before=line["before"],
        after=line["after"],
        profile=line.get("profile"),
    )


def _is_truncated(line: bytes) -> bool:
    """Return whether a line starts as one of ours, and ends before its JSON does.

    After a loss of power the rest may be zeros.
    """
    text = line.rstrip(b"\0").decode("latin-1")
    return _starts_a_line(text) and _is_unfinished(line)


_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string of JSON, or the beginning of one."""


def _is_unfinished(line: bytes) -> bool:
    """Return whether the JSON object of a line does not end in it.

    A line is one flat object: outside its strings, the first closing brace is the last.
    """
    return len(line) <= MAX_LINE and "}" not in _JSON_STRING.sub("", line.decode("latin-1"))
