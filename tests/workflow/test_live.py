"""What is read of a registry beside its repositories' policies, and in how many calls."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from reconciler import workflow
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.registry import pace, session
from reconciler.registry.failures.errors import CallError
from reconciler.sandbox.requests.protocol import Call, ServiceError
from reconciler.sandbox.server import Sandbox
from reconciler.workflow import AccessSource
from reconciler.workflow.listener import LOG, Event, LogListener
from reconciler.workflow.live.callers import caller_of
from reconciler.workflow.live.connections import (
    CredentialSource,
    connect_registries,
    reach_registries,
)
from reconciler.workflow.live.registries import ToRead, read_registries, reading_own_policy
from tests.access_file.files import load_access
from tests.registry.raw_server import Sent, Then, serving_raw

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILE = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1]}
repositories: {"payments/*": {access: {"444455556666": pull}}}
"""
REGIONS = ("us-west-2", "eu-west-1")
POLICY = '{"Version":"2012-10-17","Statement":[]}'


def source(content: bytes = FILE) -> AccessSource:
    loaded = load_access(content, "f.yaml", now=NOW)
    assert loaded.parts
    return AccessSource(loaded.parts, "f.yaml", content, NOW, loaded)


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        for region in REGIONS:
            sandbox.create_repository("payments/api", region=region)
            sandbox.set_registry_policy_text(POLICY, region=region)
        sandbox.set_creation_template("payments", {"appliedFor": ["REPLICATION"]})
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


def read(*, registry_policy: bool = False, templates: bool = False) -> list[LiveRegistry]:
    scopes = [RegistryScope("111122223333", region) for region in REGIONS]
    connections = connect_registries(dict.fromkeys(scopes, CredentialSource()), LOG)
    to_read = ToRead(list, registry_policy=registry_policy, templates=templates)
    return read_registries(connections, dict.fromkeys(scopes, to_read), LOG)


class Notes(LogListener):
    """Keeps the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


@pytest.mark.parametrize(
    "ask", [read_registries, lambda connections, to_read, _: caller_of(connections)(*to_read)]
)
def test_a_region_without_a_response_is_told_once_before_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[..., object]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr(session, "_READ_TIMEOUT", 0.2)
    monkeypatch.setattr(pace, "SILENCE", 0.1)
    scope, listener = RegistryScope("111122223333", "us-west-2"), Notes()
    with serving_raw() as server:
        server.always(Sent(b"", Then.HANG))
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        connections, _ = reach_registries({scope: CredentialSource()}, listener)
        to_read = {scope: ToRead(list, ("a/a", "b/b"))}
        with pytest.raises(CallError, match="no response: timed out"):
            ask(connections, to_read, listener)
    (told,) = listener.events
    assert str(told) == "no response from AWS in us-west-2 for 0 s; trying again"


def test_templates_are_read_where_asked_for_alone(ecr: Sandbox) -> None:
    assert {live.templates for live in read(registry_policy=True)} == {None}
    assert not any("Template" in call.name for call in ecr.calls())
    west, east = read(templates=True)
    assert isinstance(west.templates, tuple)
    assert [one.prefix for one in west.templates] == ["payments"]
    assert (west.policy, east.policy, east.templates) == (None, None, ())


def test_at_most_three_calls_are_made_beside_the_repositories(ecr: Sandbox) -> None:
    read()
    before = len(ecr.calls())
    read(registry_policy=True, templates=True)
    assert len(ecr.calls()) - 2 * before == 3 * len(REGIONS)


def test_templates_that_cannot_be_read_leave_the_rest(ecr: Sandbox) -> None:
    def deny(call: Call) -> None:
        if "Template" in call.name:
            raise ServiceError("AccessDeniedException", "no")

    ecr.before_call(deny)
    live, *_ = read(registry_policy=True, templates=True)
    assert live.templates == ReadFailure(
        RuleId.ACCESS_DENIED,
        "ecr:DescribeRepositoryCreationTemplates: not allowed for the caller: no (allow it in the "
        "identity policy of the caller)",
    )
    assert live.failure is None
    assert live.policy is not None
    assert isinstance(live.policy.text, str)
    assert live.names == ("payments/api",)


@pytest.mark.parametrize(
    ("policy", "reads"), [("ignore", False), ("report", True), ("manage", True)]
)
def test_when_the_registrys_policy_is_read(
    policy: Literal["ignore", "report", "manage"], reads: bool
) -> None:
    registry = source().parts[0].registry._replace(policy=policy)
    assert reading_own_policy([registry], LOG) == frozenset(registry.scopes if reads else ())


def test_of_several_registries_it_is_said_which_policy_is_ignored() -> None:
    class Told(LogListener):
        def notify(self, event: Event) -> None:
            told.append(str(event))

    told: list[str] = []
    of_one = source().registries[0]
    ignored = of_one._replace(policy="ignore", name="central")
    parts = [ignored._replace(regions=(region,)) for region in REGIONS]
    other = of_one._replace(account="222233334444", name="other")
    assert reading_own_policy([*parts, other], Told()) == set(other.scopes)
    assert reading_own_policy(parts, Told()) == set()
    end = "was not read: the file ignores it (registry.policy)"
    assert told == [f"the own policy of central {end}", f"the registry's own policy {end}"]


@pytest.mark.parametrize(
    ("policy", "create_on", "sids"),
    [
        ("ignore", None, []),
        ("report", None, ["ReadRegistryPolicy"]),
        ("manage", None, ["ReadRegistryPolicy", "WriteRegistryPolicy"]),
        ("ignore", ("push",), ["ReadTemplates", "WriteTemplates"]),
        ("ignore", (), ["ReadTemplates", "WriteTemplates"]),
    ],
)
def test_the_caller_needs_what_the_file_uses(
    policy: Literal["ignore", "report", "manage"],
    create_on: tuple[Literal["push"], ...] | None,
    sids: list[str],
) -> None:
    given = source()
    access = replace(
        given.parts[0],
        registry=given.parts[0].registry._replace(policy=policy),
        entries=tuple(one._replace(create_on=create_on) for one in given.parts[0].entries),
    )
    changed = AccessSource((access,), given.path, given.content, NOW, given.checked)
    found = {
        plan_only: {
            one["Sid"]
            for one in workflow.caller_policies(changed, plan_only=plan_only).by_registry[None][
                "Statement"
            ]
        }
        for plan_only in (True, False)
    }
    of_registry = {"ReadRegistryPolicy", "WriteRegistryPolicy", "ReadTemplates", "WriteTemplates"}
    assert found[False] & of_registry == set(sids)
    assert found[True] & of_registry == {sid for sid in sids if sid.startswith("Read")}
    assert ("WriteTemplates" in found[False]) is (create_on is not None)
