"""A repository creation template: what ECR gives a repository that it makes itself.

Sources: Amazon ECR User Guide, "Templates to control repositories created during a pull through
cache, create on push, or replication action"; Amazon ECR API Reference,
"RepositoryCreationTemplate".
"""

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

from reconciler.policy import MalformedError, load_json, read_policy, same_policy

CreateOn = Literal["push", "replication", "pull-through-cache"]
"""When ECR itself makes a repository, in the file's words."""

APPLIED_FOR: Mapping[CreateOn, str] = {
    "push": "CREATE_ON_PUSH",
    "replication": "REPLICATION",
    "pull-through-cache": "PULL_THROUGH_CACHE",
}
"""The service's words for these ("CreateRepositoryCreationTemplate", appliedFor)."""

CREATE_ON: Mapping[str, CreateOn] = {word: event for event, word in APPLIED_FOR.items()}
"""The file's words, by the service's."""

ROOT = "ROOT"
"""The prefix of the template for every repository that no other template is for."""

EVERY_REPOSITORY = "*"
"""The pattern of all names; it stands for a repository's name where the registry is meant."""

POLICY_FIELD = "repositoryPolicy"
"""The field of a template that holds the policy of new repositories, a text."""

OURS = "Managed by reconcile"
"""The start of the description of a template that was made here; it identifies our own."""

_LIFECYCLE = "lifecyclePolicy"
_APPLIED_FOR, _PREFIX, _DESCRIPTION = "appliedFor", "prefix", "description"


class CreationTemplate(NamedTuple):
    """One template: the part that the file is about, and everything else that it says.

    `prefix` is as the service returns it, `applied_for` are the service's words, sorted.
    `policy_text` is the policy of a new repository, None for none. `rest` holds the other fields
    of the service's template as JSON values, without the times; an update sends them back.
    """

    prefix: str
    applied_for: tuple[str, ...]
    policy_text: str | None
    rest: Mapping[str, object] = {}

    @property
    def is_ours(self) -> bool:
        """Whether it was made here, by its description."""
        return str(self.rest.get(_DESCRIPTION, "")).startswith(OURS)

    @property
    def text(self) -> str:
        """The template as one JSON object of the service's fields, always the same bytes."""
        return json.dumps(self.fields, sort_keys=True, separators=(",", ":"))

    @property
    def fields(self) -> dict[str, object]:
        """The service's fields."""
        policy = {} if self.policy_text is None else {POLICY_FIELD: self.policy_text}
        named = {_PREFIX: self.prefix, _APPLIED_FOR: list(self.applied_for)}
        return {**self.rest, **named, **policy}


def template_prefix(pattern: str) -> str:
    """Return the prefix of the template for a pattern: `payments` for `payments/*`."""
    return ROOT if pattern == EVERY_REPOSITORY else pattern.removesuffix("/*")


def template_pattern(prefix: str) -> str:
    """Return the pattern of the repositories under a prefix, without a slash at its end."""
    return EVERY_REPOSITORY if prefix == ROOT else f"{prefix}/*"


def read_template(text: str) -> CreationTemplate:
    """Read the text of a template. Raises MalformedError where it is none."""
    fields = load_json(text)
    if not isinstance(fields, dict):
        raise MalformedError("a template is a JSON object")
    return template_of(fields)


def template_of(fields: Mapping[str, object]) -> CreationTemplate:
    """Return the template of the service's fields. Raises MalformedError where they are none."""
    rest = {key: value for key, value in fields.items() if key not in _OWN}
    prefix, policy = fields.get(_PREFIX), fields.get(POLICY_FIELD)
    applied_for = fields.get(_APPLIED_FOR)
    if not isinstance(prefix, str) or not isinstance(policy, str | None):
        raise MalformedError("a template has a prefix, and its policy is a text")
    if not isinstance(applied_for, list) or not all(isinstance(one, str) for one in applied_for):
        raise MalformedError("appliedFor is a list of texts")
    # An empty text is no policy: it is how an update removes one (assumed).
    return CreationTemplate(prefix, tuple(sorted(set(applied_for))), policy or None, rest)


_OWN = frozenset({_PREFIX, POLICY_FIELD, _APPLIED_FOR})


def same_template(left: CreationTemplate, right: CreationTemplate, partition: str) -> bool:
    """Whether two templates give a new repository the same; policies are compared by meaning."""
    policies = (read_policy(one.policy_text, partition=partition) for one in (left, right))
    return (
        left.applied_for == right.applied_for
        and _comparable(left.rest) == _comparable(right.rest)
        and same_policy(*policies)
    )


def _comparable(rest: Mapping[str, object]) -> dict[str, object]:
    """Return the other fields; a lifecycle policy as JSON, since a read may lay it out anew."""
    lifecycle = rest.get(_LIFECYCLE)
    if not isinstance(lifecycle, str):
        return dict(rest)
    try:
        return {**rest, _LIFECYCLE: load_json(lifecycle)}
    except MalformedError:
        return dict(rest)
