"""One line of a journal, checked: a journal is a file like any other, and may be anybody's."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast, get_args

from reconciler.apply.journal_lines import (
    FORMAT_VERSION,
    MAX_LINE,
    TIME,
    BeginJson,
    Command,
    EndJson,
)
from reconciler.apply.model import Result
from reconciler.errors import RefusedError
from reconciler.plan.model import ChangeKind
from reconciler.plan.saved_plan import TOOL, digest_of
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS
from reconciler.policy.language.json_text import MalformedError, load_json
from reconciler.policy.language.principals import ACCOUNT_ID, REGION, parse_arn, partition_of_region
from reconciler.printable import printable

Check = Callable[[object], bool]

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
"""Source: ECR API Reference, "CreateRepository", repositoryName."""

_SHORTEST_NAME, _LONGEST_NAME = 2, 256
"""It becomes part of a host's name: of nothing but letters, digits and hyphens."""

_RUN = re.compile(r"[A-Za-z0-9-]{1,64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ERROR = re.compile(r"[ -~]*")


def read_line(line: bytes) -> BeginJson | EndJson:
    """Read one line, without its end. Raises MalformedError, and RefusedError for its format."""
    if len(line) > MAX_LINE:
        raise MalformedError(f"larger than a line can be ({MAX_LINE:,} bytes)")
    try:
        value = load_json(line.decode("ascii"))
    except UnicodeDecodeError:
        raise MalformedError("not ASCII") from None
    if not isinstance(value, dict) or value.get("tool") != TOOL:
        raise MalformedError("no line that reconcile wrote")
    if value.get("format_version") != FORMAT_VERSION:
        raise RefusedError(
            f"written by another version of reconcile; this one reads format {FORMAT_VERSION}"
        )
    _check_fields(value)
    if value["kind"] == "end":
        end = cast("EndJson", value)
        _check_outcome(end)
        return end
    begin = cast("BeginJson", value)
    _check_change(begin)
    _check_role(begin)
    return begin


def parse_time(text: str) -> datetime:
    """Read a time as a line has it, in UTC. Raises ValueError."""
    return datetime.strptime(text, TIME).replace(tzinfo=UTC)


def _check_fields(value: Mapping[str, object]) -> None:
    kind = value.get("kind")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise MalformedError("neither the begin nor the end of a write")
    if value.keys() != fields.keys():
        odd = min(value.keys() ^ fields.keys())
        raise MalformedError(f"{odd!r} is {'unknown' if odd in value else 'missing'}")
    for name, is_right in fields.items():
        if not is_right(value[name]):
            raise MalformedError(f"{name!r} has a value that it can't have")
    if value["digest"] != digest_of(value):
        raise RefusedError(
            "edited or damaged since it was written: its digest does not match its content"
        )


def _check_change(line: BeginJson) -> None:
    before, after = line["before"], line["after"]
    fits = {"create": before is None, "delete": after is None, "set": after is not None}
    if not fits[line["change"]]:
        raise MalformedError("the change does not fit its policies")


def _check_outcome(line: EndJson) -> None:
    if line["outcome"] == "applied" and line["written"] is not True:
        raise MalformedError("a write that was applied was written")
    if line["outcome"] == "in-force" and line["written"] is not False:
        raise MalformedError("what was in force was not written")


def _check_role(line: BeginJson) -> None:
    """Check that the role is of the registry's own account, as whoever writes must be."""
    if line["assume_role"] is None:
        return
    arn = parse_arn(line["assume_role"])
    home = (partition_of_region(line["region"]), line["account"], "role")
    if arn is None or (arn.partition, arn.account, arn.resource_type) != home:
        raise MalformedError("'assume_role' is no role of the registry's account")


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_text(value: object) -> bool:
    """Tell whether this is text: a live policy may be any, and must be put back as it was."""
    return isinstance(value, str)


def _is_plain(value: object) -> bool:
    """Tell whether this is text as it can be shown, which writing it makes of all."""
    return isinstance(value, str) and printable(value) == value


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_time(value).strftime(TIME) == value
    except ValueError:
        return False


def _is_name(value: object) -> bool:
    fits = isinstance(value, str) and _SHORTEST_NAME <= len(value) <= _LONGEST_NAME
    return fits and _matches(_NAME)(value)


def _is_sent(value: object) -> bool:
    """Tell whether this can have been sent as a policy; one that was read may be longer."""
    return isinstance(value, str) and len(value) <= MAX_POLICY_CHARACTERS


_HEAD: Mapping[str, Check] = {
    "format_version": _one_of(FORMAT_VERSION),
    "tool": _one_of(TOOL),
    "kind": _one_of("begin", "end"),
    "run": _matches(_RUN),
    "at": _is_time,
    "account": _matches(ACCOUNT_ID),
    "region": _matches(REGION),
    "repository": _is_name,
    "digest": _matches(_DIGEST),
}
_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "begin": {
        **_HEAD,
        "by": _is_plain,
        "command": _one_of(*get_args(Command)),
        "plan": _or_null(_matches(_DIGEST)),
        "file": _or_null(_is_plain),
        "assume_role": _or_null(_is_plain),
        "change": _one_of(*get_args(ChangeKind)),
        "before": _or_null(_is_text),
        "after": _or_null(_is_sent),
    },
    "end": {
        **_HEAD,
        "outcome": _one_of(*get_args(Result)),
        "written": _or_null(_is_flag),
        "error": _or_null(_matches(_ERROR)),
    },
}
