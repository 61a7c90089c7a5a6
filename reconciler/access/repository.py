"""Names of repositories, patterns for them, and the one that is kept for probing."""

import re
from collections.abc import Iterable

from reconciler.access.model import Entry
from reconciler.access.nodes import Node, ScalarNode, texts_of
from reconciler.access.problems import Findings, shown
from reconciler.policy.glob import has_wildcard

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(/{_PART})*")
_PATTERN = re.compile(r"[a-z0-9._/*?-]+")
_HOST = re.compile(r"[0-9]{12}\.dkr\.ecr\.")
_SHORTEST, _LONGEST = 2, 256
_MOST_WILDCARDS = 16
_GRAMMAR = "lower-case letters and digits, with single . _ / or any number of - between them"


def check_repository(key: ScalarNode, findings: Findings) -> None:
    """Report what can't be a repository's name, nor a pattern for any.

    Source of the grammar: ECR API Reference, "CreateRepository", repositoryName.
    """
    name = key.text
    is_pattern = has_wildcard(name)
    hint = None
    if len(name) > _LONGEST or (len(name) < _SHORTEST and not is_pattern):
        hint = f"a name has {_SHORTEST} to {_LONGEST} characters"
    elif _HOST.match(name):
        hint = "leave out the registry's host: only the name is meant"
    elif not (_PATTERN if is_pattern else _NAME).fullmatch(name):
        hint = _hint(name)
    elif name.count("*") + name.count("?") > _MOST_WILDCARDS:
        hint = f"a pattern has at most {_MOST_WILDCARDS} wildcards"
    if hint:
        message = f"{shown(name)} can't be the name of a repository"
        findings.error("bad-repository-name", message, key.place, hint=hint)


def check_probe_repository(node: Node | None, entries: Iterable[Entry], findings: Findings) -> None:
    """Report a `probe_repository` that is no repository's name, or that an entry is about."""
    for name in texts_of(node):
        if has_wildcard(name.text):
            message = f"{shown(name.text)} is a pattern, not the name of a repository"
            hint = "name one scratch repository, empty of images"
            findings.error("bad-repository-name", message, name.place, hint=hint)
            continue
        check_repository(name, findings)
        for entry in entries:
            if entry.repository == name.text:
                message = f"{shown(name.text)} is for probing, and an entry gives access to it"
                hint = "name a scratch repository, empty of images, that has no entry"
                findings.error(
                    "probe-repository-in-use", message, name.place, hint=hint, other=entry.place
                )


def _hint(name: str) -> str:
    if ":" in name or "@" in name:
        return "leave out the tag or digest: access is given to whole repositories"
    if name != name.lower():
        return f"names are in lower case: {shown(name.lower())}"
    return _GRAMMAR
