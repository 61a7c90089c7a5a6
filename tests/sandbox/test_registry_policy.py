"""The registry's own policy, and the account setting that is its scope."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import PULL, client, refused, statement, text

INVALID = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy"
NOT_FOUND = "Registry policy does not exist in the registry with id '111122223333'"
ALL = "arn:aws:ecr:us-west-2:111122223333:repository/*"
ROLE = "arn:aws:iam::444455556666:role/role2-1"
V1_ACTIONS = ["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
V1 = Behaviour(registry_policy_scope="V1")


def on(resource: Any = ALL, **changes: Any) -> dict[str, Any]:
    """One good statement of a registry's policy, with elements changed."""
    return statement(Resource=resource, Action=PULL, **changes)


ACCEPTED = {
    "every repository": text(on()),
    "a pattern": text(on(ALL.replace("*", "payments/*"))),
    "several": text(on([ALL, "*"])),
    "another region": text(on(ALL.replace("us-west-2", "eu-west-1"))),
    "the service left out": text(on(ALL.replace(":ecr", ""))),
    "no ARN": text(on("repository/*")),
    "not resource": text(on(None, NotResource=ALL)),
    "statement as an object": json.dumps({"Statement": on()}),
    "deny": text(on(Effect="Deny")),
    "every action": text(statement(Resource=ALL, Action="ecr:*")),
    "not action": text(statement(Resource=ALL, Action=None, NotAction="ecr:PutImage")),
    "role": text(on(Principal={"AWS": ROLE})),
    "condition": text(on(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
}
REFUSED = {
    "not JSON": "{",
    "no statement": text(),
    "no resource": text(on(None)),
    "both": text(on(NotResource=ALL)),
    "no resources": text(on([])),
    "empty resource": text(on("")),
    "resource as a number": text(on(5)),
    "no principal": text(on(Principal=None)),
    "no action": text(statement(Resource=ALL, Action=None)),
    "wildcard in an ARN": text(on(Principal={"AWS": "arn:aws:iam::444455556666:role/*"})),
    "another partition": text(on(Principal={"AWS": ROLE.replace("aws", "aws-cn")})),
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


def test_is_put_read_and_deleted(sandbox: Sandbox, ecr: BaseClient) -> None:
    with refused("RegistryPolicyNotFoundException", NOT_FOUND):
        ecr.get_registry_policy()
    with refused("RegistryPolicyNotFoundException", NOT_FOUND):
        ecr.delete_registry_policy()
    put = ecr.put_registry_policy(policyText=text(on()))
    assert put["registryId"] == "111122223333"
    assert sandbox.registry_policy_text() == text(on())
    assert json.loads(ecr.get_registry_policy()["policyText"])["Statement"][0]["Resource"] == ALL
    assert json.loads(ecr.delete_registry_policy()["policyText"]).keys() == {"Version", "Statement"}
    assert sandbox.registry_policy_text() is None
    with refused("RegistryPolicyNotFoundException", NOT_FOUND):
        ecr.get_registry_policy()


@pytest.mark.parametrize("policy", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_what_the_service_accepts(sandbox: Sandbox, ecr: BaseClient, policy: str) -> None:
    sandbox.set_registry_policy_text("before")
    ecr.put_registry_policy(policyText=policy)
    assert sandbox.registry_policy_text() == policy


@pytest.mark.parametrize("policy", REFUSED.values(), ids=REFUSED)
def test_refuses_what_the_service_refuses(sandbox: Sandbox, ecr: BaseClient, policy: str) -> None:
    sandbox.set_registry_policy_text("before")
    with refused("InvalidParameterException", INVALID):
        ecr.put_registry_policy(policyText=policy)
    assert sandbox.registry_policy_text() == "before"


def test_the_length_ends_at_10240_characters(ecr: BaseClient) -> None:
    longest = text(on(), Id="€" * (10_240 - len(text(on(), Id=""))))
    longest = json.dumps(json.loads(longest), ensure_ascii=False)
    assert len(longest) == 10_240
    ecr.put_registry_policy(policyText=longest)
    with refused("InvalidParameterException", "less than or equal to 10240"):
        ecr.put_registry_policy(policyText=longest + " ")


def test_each_account_and_region_has_its_own(sandbox: Sandbox) -> None:
    sandbox.set_registry_policy_text(text(on()), region="us-west-2")
    sandbox.set_registry_policy_text(text(on("*")), region="eu-west-1")
    with client(sandbox, region="eu-west-1") as elsewhere:
        assert '"*"' in elsewhere.get_registry_policy()["policyText"]
        elsewhere.delete_registry_policy()
    assert sandbox.registry_policy_text(region="us-west-2") == text(on())
    assert sandbox.registry_policy_text(account="444455556666") is None


def test_is_rewritten_and_shuffled_on_reads() -> None:
    accounts = [f"{number:012}" for number in range(1, 9)]
    written = text(on([ALL], Principal={"AWS": accounts}))
    with Sandbox() as sandbox, client(sandbox) as ecr:
        ecr.put_registry_policy(policyText=written)
        reads = [ecr.get_registry_policy()["policyText"] for _ in range(8)]
        orders = [json.loads(read)["Statement"][0]["Principal"]["AWS"] for read in reads]
    assert len({tuple(order) for order in orders}) > 5
    assert {tuple(sorted(order)) for order in orders} == {
        tuple(f"arn:aws:iam::{account}:root" for account in accounts)
    }


def test_an_unknown_principal_is_refused() -> None:
    policy = text(on(Principal={"AWS": ROLE}))
    with Sandbox(Behaviour(known_principals_only=True)) as sandbox, client(sandbox) as ecr:
        with refused("InvalidParameterException", "'Principal not found'"):
            ecr.put_registry_policy(policyText=policy)
        sandbox.create_role("444455556666", "role2-1")
        sandbox.propagate_iam()
        ecr.put_registry_policy(policyText=policy)
        assert ROLE in ecr.get_registry_policy()["policyText"]


def test_a_deleted_principal_is_shown_by_its_id() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        role = sandbox.create_role("444455556666", "role2-1")
        ecr.put_registry_policy(policyText=text(on(Principal={"AWS": role})))
        sandbox.delete_role(role)
        (shown,) = json.loads(ecr.get_registry_policy()["policyText"])["Statement"]
        assert shown["Principal"]["AWS"].startswith("AROA")


def test_scope_v1_has_three_actions_until_the_scope_is_v2() -> None:
    with Sandbox(V1) as sandbox, client(sandbox) as ecr:
        assert ecr.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V1"
        ecr.put_registry_policy(policyText=text(statement(Resource=ALL, Action=V1_ACTIONS)))
        ecr.put_registry_policy(policyText=text(statement(Resource=ALL, Action="ecr:*")))
        for other in (PULL, "ecr:Get*", "*", [*V1_ACTIONS, "ecr:PutImage"]):
            with refused("InvalidParameterException", INVALID):
                ecr.put_registry_policy(policyText=text(statement(Resource=ALL, Action=other)))
        with refused("InvalidParameterException", INVALID):
            ecr.put_registry_policy(
                policyText=text(statement(Resource=ALL, Action=None, NotAction="ecr:PutImage"))
            )
        put = ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V2")
        assert (put["name"], put["value"]) == ("REGISTRY_POLICY_SCOPE", "V2")
        ecr.put_registry_policy(policyText=text(on()))
        with client(sandbox, region="eu-west-1") as elsewhere:
            assert elsewhere.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V1"


def test_only_v2_can_be_set(ecr: BaseClient) -> None:
    assert ecr.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V2"
    for value in ("V1", "V3", ""):
        with refused("InvalidParameterException", "at 'value'"):
            ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value=value)
    with refused("InvalidParameterException", "at 'name'"):
        ecr.get_account_setting(name="COFFEE")
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"


def test_a_sandbox_that_starts_again_has_none() -> None:
    sandbox = Sandbox()
    with sandbox:
        sandbox.set_registry_policy_text(text(on()))
    with sandbox, client(sandbox) as ecr, refused("RegistryPolicyNotFoundException"):
        ecr.get_registry_policy()
