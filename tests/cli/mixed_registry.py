"""A registry in which every kind of policy waits for an apply, and the file to apply."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle, islice

from reconciler.errors import ReconcileError
from reconciler.model.registry import RegistryScope, Target
from reconciler.policy.meaning.facts import same_meaning
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

Policies = Mapping[str, str | None]
"""The policy's text by repository, None for no policy."""

PLAIN = Behaviour()
_SCOPE = RegistryScope("111122223333", "us-west-2")
_ROLE = "arn:aws:iam::444455556666:role/"
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}
guards: {max_revoked: none}
repositories:
"""


def _policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _statement(principal: object, actions: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions, **more}


_FOREIGN = _policy(_statement({"AWS": f"{_ROLE}legacy"}, _PULL, Sid="by hand"))
_CONDITIONAL = _policy(
    _statement(
        "*",
        _PULL,
        Sid="our organization",
        Condition={
            "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            "IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]},
        },
    ),
    _statement({"AWS": [f"{_ROLE}legacy", "777788889999"]}, "ecr:PutImage"),
)
_DENYING = _policy({**_statement({"AWS": f"{_ROLE}legacy"}, "ecr:PutImage"), "Effect": "Deny"})
_WANTED = _policy(
    *(_statement({"AWS": f"{_ROLE}{role}"}, _PULL) for role in ("role2-1", "role2-2"))
)

_KINDS = (
    (None, "{ci: push-pull, runtime: pull}"),
    (_FOREIGN, "{ci: push-pull, runtime: pull}"),
    (_CONDITIONAL, "{ci: push-pull, runtime: pull}"),
    (_DENYING, "{}"),
    (_WANTED, "{ci: pull, runtime: pull}"),
    (None, "{}"),
)
"""What is live, and what the file asks for: to set where nothing is, to replace twice, to delete,
and two that are in sync."""


def mixed_registry(count: int) -> tuple[Policies, str]:
    """Give the policies of so many repositories, and an access file for them."""
    kinds = list(islice(cycle(_KINDS), count))
    names = [f"app/n{number:02}" for number in range(count)]
    entries = (
        f"  {name}: {{access: {access}}}\n" for name, (_, access) in zip(names, kinds, strict=True)
    )
    live = {name: text for name, (text, _) in zip(names, kinds, strict=True)}
    return live, _HEAD + "".join(entries)


@contextmanager
def serving(policies: Policies, behaviour: Behaviour = PLAIN) -> Iterator[Sandbox]:
    """Serve a registry of repositories with these policies.

    With an `iam_delay` all roles are new; else everyone knows them.
    """
    with Sandbox(behaviour) as ecr:
        make_roles(ecr, behaviour)
        for name, text in policies.items():
            ecr.create_repository(name)
            if text is not None:
                ecr.set_policy_text(name, text)
        yield ecr


def make_roles(ecr: Sandbox, behaviour: Behaviour) -> None:
    """Make the files' roles where the registry knows its principals; with a delay, all are new."""
    if behaviour.known_principals_only:
        for role in ("role2-1", "role2-2", "legacy"):
            ecr.create_role("444455556666", role)
    if not behaviour.iam_delay:
        ecr.propagate_iam()


def live_policies(ecr: Sandbox, names: Iterable[str]) -> dict[str, str | None]:
    """Give the policies of those repositories that exist."""
    found = {}
    for name in names:
        try:
            found[name] = ecr.policy_text(name)
        except ReconcileError:
            continue
    return found


def is_same(left: str | None, right: str | None) -> bool:
    """Tell whether two policies mean the same."""
    target = Target("app/any", _SCOPE)
    return same_meaning(target.read(left), target.read(right))


def different(left: Policies, right: Policies) -> list[str]:
    """Name the repositories of `left` whose policies mean something else in `right`."""
    return [name for name, text in left.items() if not is_same(text, right[name])]
