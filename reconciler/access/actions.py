"""The actions that a file may name: those of ECR that mean something in a repository policy."""

import re
from collections.abc import Iterable

from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import Bound, Findings, shown, suggestion
from reconciler.policy.actions import (
    AUTHORIZATION_TOKEN,
    KNOWN_ACTIONS,
    OF_REGISTRY_POLICY,
    UPSTREAM_IMPORT,
    WITHOUT_REPOSITORY,
    canonical_action,
    idle_actions,
    is_known,
)
from reconciler.policy.glob import has_wildcard

_PREFIX = "ecr:"
_NAME = r"ecr:[A-Za-z0-9*?]{1,124}"
_NAME_HINT = "ecr: and at most 124 ASCII letters and digits, * and ?"
_REGISTRY_HINT = (
    "it belongs in the registry's own policy, or in the identity policy of the one who calls"
)
_PATTERNS = Bound(10_000, "different patterns of actions")
_CALLER_HINT = "it belongs in the identity policy of the one who calls, with Resource '*'"


def check_actions(actions: Iterable[ScalarNode], findings: Findings) -> None:
    """Report actions of other services, and warn of ECR actions that are not known.

    Raises TooLargeError.
    """
    for action in actions:
        if has_wildcard(action.text):
            findings.ask_once(_PATTERNS, action.text, action.place)
        _check_action(action, findings)


def _check_action(action: ScalarNode, findings: Findings) -> None:
    name = canonical_action(action.text)
    if name == AUTHORIZATION_TOKEN:
        message = "GetAuthorizationToken grants nothing in a repository policy"
        findings.error("not-an-ecr-action", message, action.place, hint=_CALLER_HINT)
    elif not action.text.lower().startswith(_PREFIX):
        message = f"{shown(action.text)} is not an action of ECR"
        hint = _prefix_hint(action.text, findings)
        findings.error("not-an-ecr-action", message, action.place, hint=hint)
    elif not re.fullmatch(_NAME, name):
        message = f"{shown(action.text)} can't be the name of an action"
        findings.error("bad-action", message, action.place, hint=_NAME_HINT)
    elif idle := idle_actions(name):
        message = f"{shown(action.text)} does nothing in a repository policy"
        if idle == {UPSTREAM_IMPORT}:
            message += " for the first pull through a cache, which makes the repository"
        findings.warning("idle-action", message, action.place, hint=_belongs(idle))
    elif not is_known(name):
        message = f"{shown(action.text)} is not a known action of ECR"
        hint = _meant(action.text, findings)
        findings.warning("unknown-action", message, action.place, hint=hint)


def _belongs(idle: frozenset[str]) -> str:
    return _REGISTRY_HINT if idle <= OF_REGISTRY_POLICY else _CALLER_HINT


def _meant(text: str, findings: Findings) -> str | None:
    """Say which action is most likely meant, and not to write it where it does nothing."""
    meant = findings.closest(text, {*KNOWN_ACTIONS, *WITHOUT_REPOSITORY})
    idle = idle_actions(meant) if meant else frozenset()
    if meant and idle:
        return f"{shown(meant)} does nothing in a repository policy: {_belongs(idle)}"
    return suggestion(meant) if meant else None


def _prefix_hint(text: str, findings: Findings) -> str | None:
    service, colon, name = text.rpartition(":")
    prefixed = f"{_PREFIX}{name}"
    if colon and findings.closest(service, (_PREFIX[:-1],)) is None:
        return None
    if not is_known(prefixed):
        return None if colon else "an action starts with 'ecr:'"
    if has_wildcard(name):
        return None if idle_actions(prefixed) else suggestion(prefixed)
    return _meant(prefixed, findings)
