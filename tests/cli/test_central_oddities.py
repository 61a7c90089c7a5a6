"""A real central registry: no reshuffled read is a change, and no edit goes unnamed."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.model import AccessFile
from reconciler.model.access import grant_facts
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan
from reconciler.policy.compile import compile_policy
from reconciler.policy.meaning.facts import AccessChange, Holdings
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Wanted, read
from reconciler.registry.session import connect
from reconciler.sandbox.behaviour import DEFAULT
from reconciler.sandbox.policies.text import rewrite_policy
from reconciler.sandbox.server import Sandbox
from reconciler.workflow.plans.planner import plan_each
from tests.access_file.files import load_access
from tests.central_registry import FACTS, access_file
from tests.effort import TIMES

pytestmark = pytest.mark.skipif(
    not FACTS.exists(), reason="the facts of the real registry (shared/real) are not here"
)

NOW = datetime.now(UTC)
PLANS = 30 * TIMES
SERVED = 3
READS_ONLY = {"DescribeRepositories", "GetRepositoryPolicy"}
EDITED = "analytical-platform-ingestion-scan"
"""A repository with accounts, roles and Lambda functions among its principals."""

Fact = tuple[str, dict[str, str], str, dict[str, object]]
"""One statement's effect, one principal, one action and the condition."""

Named = tuple[str, ...]
"""An effect, a principal and an action."""


@pytest.fixture(scope="module")
def access() -> AccessFile:
    content = access_file(json.loads(FACTS.read_text())).encode()
    loaded = load_access(content, "ecr_access.yaml", now=NOW)
    assert loaded.parts, loaded.problems
    return loaded.parts[0]


@pytest.fixture(scope="module")
def policies(access: AccessFile) -> dict[str, str]:
    """What `compile` gives for each repository."""
    texts = {
        wanted.repository: compile_policy(
            grant_facts(wanted.grants), wanted.statements, access.tiers
        )
        for wanted in desired_policies(access, None, now=NOW)
    }
    return {name: text for name, text in texts.items() if text is not None}


@pytest.fixture
def registry(
    access: AccessFile, policies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The registry as it is after an apply; boto3 leads to it and nowhere else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with Sandbox(account=access.registry.account, region=access.registry.regions[0]) as sandbox:
        for name, text in policies.items():
            sandbox.create_repository(name)
            sandbox.set_policy_text(name, text)
        nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        for variable, value in {**nowhere, **sandbox.environment()}.items():
            monkeypatch.setenv(variable, value)
        yield sandbox


def test_plans_over_reshuffled_reads_change_nothing(
    access: AccessFile, policies: dict[str, str], registry: Sandbox
) -> None:
    """The first few through the service; the others are given the same spellings directly."""
    scope = scope_of(access)
    reader = RegistryReader(connect(scope.account, scope.region), Pace())
    spellings: dict[str, set[object]] = {name: set() for name in policies}
    for number in range(PLANS):
        names = reader.list_repositories() if number < SERVED else tuple(sorted(policies))
        found = (
            read([Wanted(reader, names, lists=False)])[0].repositories
            if number < SERVED
            else {name: respelt(name, text, number) for name, text in policies.items()}
        )
        plan = plan_each(access, [LiveRegistry(scope, names, found)], NOW)[scope]
        assert (plan.changes, plan.errors, plan.findings) == ((), (), ())
        assert plan.in_sync == len(policies) == 46
        for name, one in found.items():
            spellings[name].add(one.policy_text)
    assert len(spellings[EDITED]) > 0.9 * PLANS, "the reads really differed"
    assert all(len(texts) > 1 for texts in spellings.values())
    assert {call.name for call in registry.calls()} == READS_ONLY
    assert len(registry.calls()) == SERVED * (1 + len(policies))


def respelt(name: str, text: str, number: int) -> LiveRepository:
    """Give a policy as the embedded ECR would at the n-th read."""
    return LiveRepository(name, rewrite_policy(text, DEFAULT, "aws", Random(f"{name} {number}")))


def scope_of(access: AccessFile) -> RegistryScope:
    return RegistryScope(access.registry.account, access.registry.regions[0])


def single_facts(text: str) -> list[Fact]:
    """Take a policy apart into statements of one principal and one action."""
    return [
        (each["Effect"], {kind: name}, action, each.get("Condition", {}))
        for each in json.loads(text)["Statement"]
        for kind, names in each["Principal"].items()
        for name in listed(names)
        for action in listed(each["Action"])
    ]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def planned(access: AccessFile, facts: list[Fact]) -> Plan:
    """Plan the edited repository, its live policy made of these facts, from memory."""
    statements = [
        {"Effect": effect, "Principal": principal, "Action": action, "Condition": condition}
        for effect, principal, action, condition in facts
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    live = LiveRegistry(scope_of(access), (EDITED,), {EDITED: LiveRepository(EDITED, text)})
    wanted = [w for w in desired_policies(access, (EDITED,), now=NOW) if w.repository == EDITED]
    return compute_plan(wanted, live, PlanInputs(access.ownership))


def named(access: AccessFile, facts: list[Fact]) -> tuple[set[Named], set[Named]]:
    """What the plan adds and what it removes."""
    (change,) = planned(access, facts).changes

    def each(subject: AccessChange, holdings: Holdings, others: Holdings) -> Iterator[Named]:
        there = dict(others)
        for condition, actions in holdings:
            for action in actions - there.get(condition, frozenset()):
                yield subject.effect, *subject.principal.names, str(action)

    return (
        {it for subject in change.access for it in each(subject, subject.after, subject.before)},
        {it for subject in change.access for it in each(subject, subject.before, subject.after)},
    )


def someone_else(principal: dict[str, str]) -> dict[str, str]:
    others = {"AWS": "arn:aws:iam::999900001111:role/stranger", "Service": "events.amazonaws.com"}
    return {kind: others[kind] for kind in principal}


def test_every_edit_of_a_single_fact_is_named(access: AccessFile, policies: dict[str, str]) -> None:
    facts = single_facts(policies[EDITED])
    assert planned(access, facts).in_sync == 1
    assert {kind for _, principal, _, _ in facts for kind in principal} == {"AWS", "Service"}
    for index, fact in enumerate(facts):
        effect, principal, action, condition = fact
        (who,) = principal.values()
        others = facts[:index] + facts[index + 1 :]
        it = (effect, who, action)

        assert named(access, others) == ({it}, set()), fact

        more = (effect, principal, "ecr:BatchDeleteImage", condition)
        assert named(access, [*facts, more]) == (set(), {(effect, who, more[2])}), fact

        stranger = someone_else(principal)
        (whose,) = stranger.values()
        moved = (effect, stranger, action, condition)
        assert named(access, [*others, moved]) == ({it}, {(effect, whose, action)}), fact

        denied = ("Deny", principal, action, condition)
        assert named(access, [*others, denied]) == ({it}, {("Deny", who, action)}), fact

        bound = condition | {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
        narrowed = (effect, principal, action, bound)
        assert named(access, [*others, narrowed]) == ({it}, {it}), fact
