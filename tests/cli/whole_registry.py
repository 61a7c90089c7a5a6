"""A registry of which everything waits for an apply: its own policy, templates, repositories."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from reconciler.model.registry import RegistryScope, Target, registry_target, template_target
from reconciler.model.templates import OURS, template_of
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.mixed_registry import PLAIN, make_roles

Texts = Mapping[Target, str | None]

SCOPE = RegistryScope("111122223333", "us-west-2")
REGISTRY = registry_target(SCOPE)
REPOSITORIES = tuple(Target(f"app/n{number}", SCOPE) for number in range(3))
UPDATED, CREATED, DELETED = (template_target(name, SCOPE) for name in ("mobile", "tools", "old"))
TARGETS = (REGISTRY, *REPOSITORIES, UPDATED, CREATED, DELETED)

_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_ROLE = "arn:aws:iam::444455556666:role/"
_HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
accounts: {workloads: "444455556666"}
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}
guards: {max_revoked: none}
repositories:
  "tools/*": {access: {ci: push-pull}, create_on: [push]}
  "mobile/*": {access: {ci: pull}, create_on: [push, replication]}
"""


def _policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _pull(role: str, sid: str, **more: object) -> dict[str, object]:
    who = {"AWS": f"{_ROLE}{role}"}
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": _PULL, **more}


def _on(pattern: str) -> str:
    return f"arn:aws:ecr:us-west-2:111122223333:repository/{pattern}"


def _template(target: Target, **fields: object) -> str:
    defaults = {"encryptionConfiguration": {"encryptionType": "AES256"}}
    return template_of(
        {
            **defaults,
            "imageTagMutability": "IMMUTABLE",
            "appliedFor": ["REPLICATION"],
            "prefix": target.repository,
            **fields,
        }
    ).text


_TEMPLATES = {
    UPDATED: _template(
        UPDATED,
        repositoryPolicy=_policy(_pull("legacy", "ByHand")),
        lifecyclePolicy='{"rules":[]}',
        description="of the payments team",
    ),
    CREATED: None,
    DELETED: _template(
        DELETED, description=f"{OURS}: before", repositoryPolicy=_policy(_pull("role2-2", "Old"))
    ),
}


class Case(NamedTuple):
    """What is live, and the file to apply."""

    live: Texts
    file: str


_OWN = _policy(_pull("role2-2", "EcrAccessPull"))
_OTHERS = _pull("legacy", "ByHand", Resource=_on("tools/*"))
TO_REGISTRY = Case(
    {REGISTRY: _policy(_OTHERS), **dict.fromkeys(REPOSITORIES, _OWN), **_TEMPLATES},
    f'{_HEAD}  "app/*": {{via: registry-policy, access: {{runtime: pull}}}}\n',
)
"""Access moves to the registry's policy, which keeps the statement of others."""

TO_REPOSITORIES = Case(
    {
        REGISTRY: _policy(_pull("role2-2", "EcrAccessPull", Resource=_on("app/*"))),
        **dict.fromkeys(REPOSITORIES),
        **_TEMPLATES,
    },
    f'{_HEAD}  "app/*": {{access: {{runtime: pull}}}}\n',
)
"""Access moves to the repositories' policies, and the registry's is removed."""

CASES = {"to-registry": TO_REGISTRY, "to-repositories": TO_REPOSITORIES}


@contextmanager
def serving(texts: Texts, behaviour: Behaviour = PLAIN) -> Iterator[Sandbox]:
    """Serve a registry with these texts. With an `iam_delay` all roles are new."""
    with Sandbox(behaviour) as ecr:
        make_roles(ecr, behaviour)
        for target, text in texts.items():
            _put(ecr, target, text)
        yield ecr


def _put(ecr: Sandbox, target: Target, text: str | None) -> None:
    match target.subject:
        case "repository-policy":
            ecr.create_repository(target.repository)
            if text is not None:
                ecr.set_policy_text(target.repository, text)
        case "registry-policy":
            ecr.set_registry_policy_text(text)
        case "creation-template":
            fields = None if text is None else json.loads(text)
            ecr.set_creation_template(target.repository, fields)


def live_texts(ecr: Sandbox) -> dict[Target, str | None]:
    """Return what is live of each target."""
    return {target: _text(ecr, target) for target in TARGETS}


def _text(ecr: Sandbox, target: Target) -> str | None:
    match target.subject:
        case "repository-policy":
            return ecr.policy_text(target.repository)
        case "registry-policy":
            return ecr.registry_policy_text()
        case "creation-template":
            found = ecr.creation_template(target.repository)
            if found is None:
                return None
            times = ("createdAt", "updatedAt")
            return template_of({k: v for k, v in found.items() if k not in times}).text


def different(left: Texts, right: Texts) -> list[str]:
    """Name the targets of which the two do not mean the same."""
    return [str(target) for target, text in left.items() if not target.same(text, right[target])]


def keeps_access(texts: Texts) -> bool:
    """Whether the role that pulls from the repositories can do so, by either policy."""
    of_registry = texts[REGISTRY] or ""
    return "role2-2" in of_registry or all("role2-2" in (texts[t] or "") for t in REPOSITORIES)
