"""What the two policies of a registry let other accounts do."""

from typing import Any

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import PULL, client, keys_of, pull, refused, statement, text

ROLE = "arn:aws:iam::444455556666:role/deploy/role2-2"
SESSION = "arn:aws:sts::444455556666:assumed-role/role2-2/build"
ALL = "arn:aws:ecr:us-west-2:111122223333:repository/*"
OF = {"registryId": "111122223333"}


def on(resource: str | None = None, **changes: Any) -> dict[str, Any]:
    """A statement that lets the role pull, of the registry's policy where there is a resource."""
    return statement(**{"Principal": {"AWS": ROLE}, "Action": PULL, "Resource": resource} | changes)


def policy(*statements: dict[str, Any]) -> str | None:
    return text(*statements) if statements else None


def unless(**changes: Any) -> dict[str, Any]:
    return on(Effect="Deny", **changes)


@pytest.mark.parametrize(
    ("own", "registry", "allowed"),
    [
        ((), (), False),
        ((on(),), (), True),
        ((), (on(ALL),), True),
        ((), (on("*"),), True),
        ((), (on(ALL.replace("*", "payments/*")),), True),
        ((), (on(ALL.replace("*", "other/*")),), False),
        ((), (on(ALL.replace("us-west-2", "eu-west-1")),), False),
        ((), (on(ALL.replace(":ecr", "")),), False),
        ((on(),), (on(ALL, Effect="Deny"),), False),
        ((unless(),), (on(ALL),), False),
        ((on(),), (on(ALL.replace("*", "other/*"), Effect="Deny"),), True),
        ((on(Principal={"AWS": SESSION}),), (), True),
        ((on(Principal={"AWS": "444455556666"}),), (), True),
        ((on(Principal="*"),), (), True),
        ((on(Principal={"AWS": ROLE.replace("/deploy", "")}),), (), False),
        ((on(Principal={"AWS": "777788889999"}),), (), False),
        ((on(Action="ecr:PutImage"),), (), False),
        ((on(Condition={"ArnLike": {"aws:PrincipalArn": ROLE}}),), (), True),
        ((on(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),), (), False),
        ((on(Condition={"DateLessThan": {"aws:CurrentTime": "2001-01-01T00:00:00Z"}}),), (), False),
        ((on(Condition={"DateLessThan": {"aws:CurrentTime": "9999-01-01T00:00:00Z"}}),), (), True),
    ],
)
def test_who_may_pull(
    own: tuple[dict[str, Any], ...], registry: tuple[dict[str, Any], ...], allowed: bool
) -> None:
    with Sandbox() as sandbox:
        sandbox.create_repository("payments/api")
        sandbox.put_image("payments/api")
        assert sandbox.create_role("444455556666", "role2-2", "/deploy/") == ROLE
        if own:
            sandbox.set_policy_text("payments/api", text(*own))
        sandbox.set_registry_policy_text(policy(*registry))
        with client(sandbox, keys=keys_of(sandbox, ROLE)) as other:
            if allowed:
                assert pull(other, "payments/api", **OF) == ["latest"]
            else:
                with refused("AccessDeniedException", f"User: {SESSION} is not authorized"):
                    pull(other, "payments/api", **OF)


@pytest.mark.parametrize("member", [True, False])
def test_an_organization_is_the_one_of_moto(member: bool) -> None:
    with Sandbox() as sandbox, client(sandbox, "organizations") as organizations:
        made = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        created = organizations.create_account(AccountName="workloads", Email="w@example.com")
        account = created["CreateAccountStatus"]["AccountId"] if member else "444455556666"
        sandbox.create_repository("payments/api")
        sandbox.put_image("payments/api")
        condition = {"StringEquals": {"aws:PrincipalOrgID": made}}
        sandbox.set_registry_policy_text(text(on(ALL, Principal="*", Condition=condition)))
        keys = keys_of(sandbox, f"arn:aws:iam::{account}:role/puller")
        with client(sandbox, keys=keys) as other:
            if member:
                assert pull(other, "payments/api", **OF) == ["latest"]
            else:
                with refused("AccessDeniedException"):
                    pull(other, "payments/api", **OF)


def test_scope_v1_gives_nothing_but_its_three_actions() -> None:
    with Sandbox(Behaviour(registry_policy_scope="V1")) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        ecr.put_registry_policy(policyText=text(on(ALL, Action="ecr:*", Principal="*")))
        with client(sandbox, keys=keys_of(sandbox, ROLE)) as other:
            with refused("AccessDeniedException"):
                pull(other, "payments/api", **OF)
            ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V2")
            assert pull(other, "payments/api", **OF) == []


def test_a_policy_that_is_not_understood_allows_nothing() -> None:
    with Sandbox() as sandbox:
        sandbox.create_repository("payments/api")
        sandbox.set_policy_text("payments/api", "{")
        sandbox.set_registry_policy_text("{")
        with (
            client(sandbox, keys=keys_of(sandbox, ROLE)) as other,
            refused("AccessDeniedException"),
        ):
            pull(other, "payments/api", **OF)


def test_other_operations_are_of_the_other_registry_too() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        user = "arn:aws:iam::111122223333:user/sandbox"
        there = {"account": "444455556666"}
        sandbox.create_repository("theirs", **there)
        sandbox.set_policy_text(
            "theirs", text(on(Principal={"AWS": user}, Action="ecr:*")), **there
        )
        ecr.set_repository_policy(
            repositoryName="theirs", registryId="444455556666", policyText=text(on())
        )
        assert sandbox.policy_text("theirs", **there) == text(on())
        with refused("AccessDeniedException", f"User: {user} is not authorized"):
            ecr.get_repository_policy(repositoryName="theirs", registryId="444455556666")
        with refused("AccessDeniedException", "repository/*"):
            ecr.describe_repositories(registryId="444455556666")
