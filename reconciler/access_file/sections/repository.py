"""Names of repositories, patterns for them, and the one that is kept for probing."""

import re
from collections.abc import Iterable

from reconciler.access_file.document.nodes import Node, ScalarNode, texts_of
from reconciler.access_file.document.problems import ProblemList, shown
from reconciler.access_file.model import Entry
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.glob import has_wildcard

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(/{_PART})*")
_PATTERN = re.compile(r"[a-z0-9._/*?-]+")
_HOST = re.compile(r"(?:https?://|docker://)?[0-9]{12}\.dkr[.-]ecr[.-][^/]*/?|https?://[^/]*/?")
_ARN = re.compile(r"arn:[^:]*:(?P<service>[^:]*):[^:]*:[^:]*:(?:repository/)?", re.IGNORECASE)
_SHORTEST, _LONGEST = 2, 256
_MOST_WILDCARDS = 16
_GRAMMAR = "lower-case letters and digits, with single . _ / or any number of - between them"


def check_repository(key: ScalarNode, problems: ProblemList) -> bool:
    """Tell whether a text can be a repository's name, or a pattern for some; report it if not.

    Source of the grammar: ECR API Reference, "CreateRepository", repositoryName.
    """
    hint = name_hint(key.text)
    if hint:
        message = f"{shown(key.text)} can't be the name of a repository"
        problems.error(RuleId.BAD_REPOSITORY_NAME, message, key.place, hint=hint)
    return hint is None


def check_probe_repository(
    node: Node | None, entries: Iterable[Entry], problems: ProblemList
) -> None:
    """Report a `probe_repository` that is no repository's name, or that an entry is about."""
    for name in texts_of(node):
        if has_wildcard(name.text):
            message = f"{shown(name.text)} is a pattern, not the name of a repository"
            hint = "name one scratch repository, empty of images"
            problems.error(RuleId.BAD_REPOSITORY_NAME, message, name.place, hint=hint)
            continue
        check_repository(name, problems)
        for entry in entries:
            if entry.repository == name.text:
                message = f"{shown(name.text)} is for probing, and an entry gives access to it"
                hint = "name a scratch repository, empty of images, that has no entry"
                problems.error(
                    RuleId.PROBE_REPOSITORY_IN_USE,
                    message,
                    name.place,
                    hint=hint,
                    other=entry.place,
                )


def name_hint(name: str) -> str | None:
    """Say what to write instead of a text that can't be a repository's name; None where it can."""
    is_pattern = has_wildcard(name)
    if len(name) > _LONGEST or (len(name) < _SHORTEST and not is_pattern):
        return f"a name has {_SHORTEST} to {_LONGEST} characters"
    if name.count("*") + name.count("?") > _MOST_WILDCARDS:
        return f"a pattern has at most {_MOST_WILDCARDS} wildcards"
    if not _HOST.match(name) and (_PATTERN if is_pattern else _NAME).fullmatch(name):
        return None
    only, reason = _stripped(name)
    if only != name and name_hint(only) is None:
        return f"{reason}write only {only}"
    return reason.removesuffix(": ") or _GRAMMAR


def _stripped(name: str) -> tuple[str, str]:
    """Take away what is around a repository's name, and say what it is."""
    arn, host = _ARN.match(name), _HOST.match(name)
    if arn and arn["service"].lower() != "ecr":
        return name, f"this is an ARN of the service {shown(arn['service'])}; name a repository"
    around = arn or host
    only = name[around.end() :] if around else name
    tag = re.search(r"[:@]", only)
    only = only[: tag.start()] if tag else only
    kept = only.strip().strip("/").lower()
    if arn:
        return kept, ""
    if host:
        return kept, "leave out the registry's host: "
    if tag:
        return kept, "leave out the tag or digest: access is given to whole repositories; "
    if only != only.lower():
        return kept, "names are in lower case: "
    return kept, ""
