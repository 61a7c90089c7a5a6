"""Questions about the file and about live registries, and that all answers agree."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.answers import FileLine, PolicyStatement
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope
from reconciler.model.rule_ids import RuleId
from reconciler.model.status import Status
from reconciler.policy import evaluate, iam_caller, read_policy
from reconciler.policy.language.document import Document
from reconciler.workflow import (
    AccessSource,
    access_matrix,
    access_of,
    can,
    compile_policies,
    explain,
    load,
    who_can,
)
from reconciler.workflow.asked import everyone_asked
from reconciler.workflow.asked_policies import FoundPolicies, PolicyFinder, from_file, live_policies
from reconciler.workflow.selection import Globs, selected
from tests.golden import live_registry
from tests.policy.making import GET, PULL, PUT, Json, allow, deny, doc

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666", staging: "777788889999"}
principals:
  ci: {role: ci, account: workloads}
  release: {role: deploy/release, accounts: [workloads, staging]}
  admins: {role: "adm/*", account: workloads}
  person: {user: alice, account: workloads, when: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}}
  all-staging: {account: staging}
  members: {organization: o-a1b2c3d4e5}
  functions: {service: lambda.amazonaws.com, source_accounts: [workloads]}
  team: [ci, person]
repositories:
"""
ENTRIES = """\
  app/api:
    access:
      ci: push-pull
      team: {tier: pull, until: 2026-12-31}
      arn:aws:iam::444455556666:role/ops: read
    statements:
      - {Effect: Deny, Principal: "*", Action: "ecr:PutImage", Condition: {StringEquals: {"aws:PrincipalAccount": "777788889999"}}}
  app/old:
    access: {ci: {tier: pull, until: 2026-01-01}}
  "app/*":
    access: {members: pull, all-staging: push, functions: lambda}
  lone:
    inherit: false
    access: {admins: admin}
"""
CI = "arn:aws:iam::444455556666:role/ci"


def source(entries: str = ENTRIES, head: str = HEAD) -> AccessSource:
    return load((head + entries).encode(), "f.yaml", now=NOW)


FILE = source()


@pytest.mark.parametrize(
    ("what", "repository", "names"),
    [
        ("push", "app/api", ["ci"]),
        ("pull", "app/api", ["admins", "ci", "functions", "members", "person"]),
        ("ecr:batchgetimage", "lone", ["admins"]),
    ],
)
def test_who_can(what: str, repository: str, names: list[str]) -> None:
    answers = who_can(FILE, what, repository).answers
    assert names
