"""The actions that a file may name: those of ECR that mean something in a repository policy."""

import re
from collections.abc import Iterable

from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import Bound, Findings, shown
from reconciler.policy.actions import (
    AUTHORIZATION_TOKEN,
    KNOWN_ACTIONS,
    canonical_action,
    is_known,
    is_of_registry,
    spelling,
)
from reconciler.policy.glob import has_wildcard

_PREFIX = "ecr:"
_NAME = r"ecr:[A-Za-z0-9*?]{1,124}"
_NAME_HINT = "ecr: and at most 124 ASCII letters and digits, * and ?"
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
        findings.error("not-an-ecr-action", message, action.place, hint=_prefix_hint(action.text))
    elif not re.fullmatch(_NAME, name):
        message = f"{shown(action.text)} can't be the name of an action"
        findings.error("bad-action", message, action.place, hint=_NAME_HINT)
    elif is_of_registry(name):
        text = shown(action.text)
        message = f"{text} is no action on a repository, and a repository policy never allows it"
        findings.warning("unknown-action", message, action.place, hint=_CALLER_HINT)
    elif not is_known(name):
        message = f"{shown(action.text)} is not a known action of ECR"
        hint = findings.did_you_mean(action.text, KNOWN_ACTIONS)
        findings.warning("unknown-action", message, action.place, hint=hint)


def _prefix_hint(text: str) -> str | None:
    prefixed = _PREFIX + text
    if ":" in text or not is_known(prefixed):
        return "an action starts with 'ecr:'" if ":" not in text else None
    return f"write {spelling(canonical_action(prefixed))}"
