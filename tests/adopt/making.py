"""Live registries made of policies, and what an imported file asks for on them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.model import display_names_of
from reconciler.adopt.importing import Imported, ImportOptions, import_registry
from reconciler.adopt.merging import Base, has_key
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    RegistryScope,
    Target,
)
from reconciler.model.templates import CreationTemplate
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs, desired_meaning, write_policy
from reconciler.plan.model import Plan
from reconciler.policy import PolicyScope
from reconciler.workflow.plans.plan_inputs import plan_inputs
from tests.access_file.files import load_access

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "us-west-2"
WORKLOADS, STAGING = "444455556666", "777788889999"
SCOPE = RegistryScope(ACCOUNT, REGION)
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

Json = dict[str, object]
Policies = Mapping[str, list[Json] | str | None]


class Own(NamedTuple):
    """What a registry says besides its repositories: its own policy, its scope, its templates."""

    policy: list[Json] | str | None = None
    templates: tuple[CreationTemplate, ...] = ()
    enforced: PolicyScope = "V2"


def template(
    prefix: str, statements: list[Json] | None = None, *on: str, **rest: object
) -> CreationTemplate:
    applied_for = tuple(sorted(on or ("CREATE_ON_PUSH",)))
    return CreationTemplate(prefix, applied_for, _text(statements), rest)


def about(*names: str, region: str = REGION) -> list[str]:
    """The Resource of some repositories, or patterns of them, in the registry."""
    return [f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}" for name in names]


def role(name: str, account: str = WORKLOADS) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def allow(principal: object, actions: object = PULL, **more: object) -> Json:
    element = principal if isinstance(principal, dict) or principal == "*" else {"AWS": principal}
    return {"Effect": "Allow", "Principal": element, "Action": actions, **more}


def registry(
    policies: Policies,
    scope: RegistryScope = SCOPE,
    own: Own | None = None,
) -> LiveRegistry:
    """Make a registry: a policy is its statements, its text, or None."""
    repositories = {name: LiveRepository(name, _text(policy)) for name, policy in policies.items()}
    live = LiveRegistry(scope, tuple(sorted(repositories)), repositories)
    if own is None:
        return live
    policy = LiveRegistryPolicy(_text(own.policy), own.enforced)
    return live._replace(policy=policy, templates=own.templates)


def imported(
    policies: Policies,
    names: Mapping[str, str] | None = None,
    *,
    flat: bool = False,
    keep_dead: bool = False,
    into: str | None = None,
    own: Own | None = None,
) -> Imported:
    base = None if into is None else base_of(into)
    options = ImportOptions(names or {}, flat=flat, keep_dead=keep_dead, base=base)
    return import_registry([registry(policies, own=own)], options, NOW)


def base_of(text: str) -> Base:
    """Take a file, which has to be valid, to add to."""
    loaded = load_access(text.encode(), "file", now=NOW)
    assert loaded.parts, loaded.problems
    first, *others = loaded.parts
    return Base(text, first, has_key(text, "accounts"), tuple(others))


def plan_of(text: str, live: LiveRegistry) -> Plan:
    """Plan a file, which has to be valid, against a registry."""
    loaded = load_access(text.encode(), "imported", now=NOW)
    assert loaded.parts, (loaded.problems, text)
    desired = desired_policies(loaded.parts[0], live.names, now=NOW)
    return compute_plan(desired, live, plan_inputs(loaded.parts[0], NOW))


def applied(text: str, live: LiveRegistry) -> LiveRegistry:
    """Write what a file asks for to a registry, kept statements included, wanted or not."""
    loaded = load_access(text.encode(), "imported", now=NOW)
    assert loaded.parts
    inputs = PlanInputs(loaded.parts[0].ownership, display_names_of(loaded.parts[0]))
    written = dict(live.repositories)
    for one in desired_policies(loaded.parts[0], live.names, now=NOW):
        target = Target(one.repository, live.scope)
        before = target.read(live.repositories[one.repository].policy_text)
        meaning = desired_meaning(one, target, before, inputs)
        text_after = write_policy(one, meaning, inputs).text
        written[one.repository] = LiveRepository(one.repository, text_after)
    return LiveRegistry(live.scope, live.names, written)


def body(text: str) -> str:
    """A file without its comments and empty lines."""
    lines = (line.partition("  # ")[0] for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _text(policy: list[Json] | str | None) -> str | None:
    if policy is None or isinstance(policy, str):
        return policy
    return json.dumps({"Version": "2012-10-17", "Statement": policy})
