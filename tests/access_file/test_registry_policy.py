"""The registry's own policy and creation templates in a file: what is read of them."""

import pytest

from reconciler.access_file.model import (
    AccessFile,
    desired_registry_policy,
    desired_templates,
    reads_templates,
)
from reconciler.model.registry import RepositorySettings
from reconciler.policy import Ownership
from tests.access_file.files import NOW, desired, load, valid

MANAGED = (
    'version: 1\nregistry: {account: "111122223333", regions: [us-west-2], policy: manage}\n'
    'accounts: {workloads: "444455556666", staging: "777788889999"}\n'
)
ROLE = "arn:aws:iam::111122223333:role/ecr-creation-template"
STATEMENT = (
    '{Sid: EcrAccessNoDelete, Effect: Deny, Principal: "*", Action: "ecr:DeleteRepository",'
    ' Resource: "arn:aws:ecr:us-west-2:111122223333:repository/*"}'
)


def managed(text: str) -> AccessFile:
    return valid(text, head=MANAGED)


@pytest.mark.parametrize("policy", ["ignore", "report", "manage"])
def test_what_becomes_of_the_registrys_policy(policy: str) -> None:
    head = MANAGED.replace("manage", policy)
    assert valid("repositories: {}\n", head=head).registry.policy == policy
    assert valid("repositories: {}\n").registry.policy == "report"


def test_the_access_of_an_entry_with_via_is_the_registrys() -> None:
    access = managed(
        "repositories:\n"
        '  "payments/*": {via: registry-policy, access: {staging: pull, workloads: replicate}}\n'
        "  payments/api: {access: {workloads: push}}\n"
    )
    wanted = desired(access)["payments/api"]
    assert [grant.tier for grant in wanted.grants] == ["push"]
    assert {grant.tier for grant in wanted.by_registry} == {"pull", "replicate"}
    ((pattern, grants),) = desired_registry_policy(access, NOW).grants
    assert pattern == "payments/*"
    assert {grant.tier for grant in grants} == {"pull", "replicate"}


def test_what_has_expired_is_no_part_of_the_registrys_policy() -> None:
    access = managed(
        'repositories: {"*": {via: registry-policy, access: {'
        "staging: {tier: pull, until: 2020-01-01}}}}\n"
    )
    wanted = desired_registry_policy(access, NOW)
    assert wanted.grants == ()
    assert [(pattern, len(grants)) for pattern, grants in wanted.expired] == [("*", 1)]
    assert desired(access)["*"].by_registry == ()


def test_raw_statements_of_the_registrys_policy() -> None:
    access = managed(f"repositories: {{}}\nregistry_statements: [{STATEMENT}]\n")
    (raw,) = desired_registry_policy(access, NOW).statements
    assert raw["Resource"] == "arn:aws:ecr:us-west-2:111122223333:repository/*"
    assert raw["Sid"] == "EcrAccessNoDelete"


@pytest.mark.parametrize("default", ["keep", "remove"])
def test_whose_the_statements_of_the_registrys_policy_are(default: str) -> None:
    access = managed(f"repositories: {{}}\nunmanaged: {{registry_statements: {default}}}\n")
    assert access.registry_ownership.default == default
    assert managed("repositories: {}\n").registry_ownership == Ownership("keep")


def test_a_template_has_what_every_repository_under_it_has() -> None:
    access = managed(
        "repositories:\n"
        '  "*": {access: {staging: read}}\n'
        '  "payments/*":\n'
        "    create_on: [replication, push]\n"
        "    settings: {tag_mutability: immutable, encryption: kms}\n"
        f"    template_role: {ROLE}\n"
        "    access: {workloads: push}\n"
        '  "payments/a*": {access: {staging: push}}\n'
        '  "pay*": {via: registry-policy, access: {staging: pull}}\n'
    )
    (template,) = desired_templates(access, NOW)
    assert (template.pattern, template.prefix) == ("payments/*", "payments")
    assert template.applied_for == ("CREATE_ON_PUSH", "REPLICATION")
    assert template.settings == RepositorySettings(tag_mutability="IMMUTABLE", encryption="KMS")
    assert template.role == ROLE
    assert {grant.tier for grant in template.access.grants} == {"push", "read"}
    assert {grant.tier for grant in template.access.by_registry} == {"pull"}


def test_the_root_template_is_for_every_repository() -> None:
    access = managed('repositories: {"*": {create_on: [pull-through-cache], access: {}}}\n')
    (template,) = desired_templates(access, NOW)
    assert (template.prefix, template.applied_for) == ("ROOT", ("PULL_THROUGH_CACHE",))
    assert (template.settings, template.role) == (None, None)


@pytest.mark.parametrize(("entry", "reads"), [("{access: {}}", False), ("{create_on: []}", True)])
def test_templates_are_read_where_the_file_speaks_of_them(entry: str, *, reads: bool) -> None:
    access = managed(f'repositories: {{"payments/*": {entry}}}\n')
    assert reads_templates(access) == reads
    assert desired_templates(access, NOW) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "repositories: {a/*: {via: registry}}",
        "repositories: {a/*: {via: true}}",
        "repositories: {a/*: {create_on: push}}",
        "repositories: {a/*: {create_on: [pushes]}}",
        "repositories: {a/*: {create_on: [push], template_role: someone}}",
        f"repositories: {{a/*: {{template_role: '{ROLE}'}}}}",
        "repositories: {}\nunmanaged: {registry_statements: report}",
        "repositories: {}\nregistry_statements: []",
        "repositories: {}\nregistry_statements: {}",
        "repositories: {}\nregistry_statements: [deny]",
    ],
)
def test_one_mistake_is_one_problem(wrong: str) -> None:
    (problem,) = load(wrong, head=MANAGED).problems
    assert problem.severity == "error"
    assert problem.hint
