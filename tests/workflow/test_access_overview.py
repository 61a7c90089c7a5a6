"""The overview of access: what the file asks for beside what is live, and the risks that stand."""

import json
from collections.abc import Mapping

import pytest

from reconciler.errors import ArgumentError
from reconciler.model.registry import RegistryScope
from reconciler.workflow import AccessSource, access_overview, load
from reconciler.workflow.file.source import Globs, selected
from reconciler.workflow.questions.asked_policies import FoundPolicies, PolicyFinder, live_policies
from tests.golden import NOW, live_registry
from tests.policy.making import OTHER_ACCOUNT, PULL, ROLE, allow

FILE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1]}
principals: {ci: {role: ci, account: "444455556666"}, ops: {role: ops, account: "444455556666"}}
guards: {public: allow}
repositories:
  app/api: {access: {ci: push-pull}}
  "app/*": {access: {"444455556666": pull, ops: admin}}
  gone/away: {access: {ci: pull}}
"""


def source() -> AccessSource:
    return load(FILE.encode(), "ecr_access.yaml", now=NOW)


def live_in(**regions: Mapping[str, object]) -> PolicyFinder:
    def find(_source: AccessSource, globs: Globs) -> list[FoundPolicies]:
        read = [
            live_registry(
                RegistryScope("111122223333", region.replace("_", "-")),
                {name: policy for name, policy in of_it.items() if selected(name, globs)},
            )
            for region, of_it in regions.items()
        ]
        return [live_policies(read)]

    return find


def policy(*statements: object) -> dict[str, object]:
    return json.loads(json.dumps({"Version": "2012-10-17", "Statement": statements}))


def test_of_a_file_nothing_is_desired_beside_it() -> None:
    seen = access_overview(source())
    assert seen.desired is None
    assert [row.repository for row in seen.result.matrix.rows] == ["app/*", "app/api", "gone/away"]
    assert seen.origin.path == "ecr_access.yaml"
    assert [one.account for one in seen.origin.registries] == ["111122223333"]


def test_the_risks_are_those_of_all_access_and_no_account_is_new() -> None:
    found = [(at, region, risk.name) for at, region, risk, _ in access_overview(source()).risks]
    assert found == [
        ("app/*", None, "admin"),
        ("app/*", None, "can-rewrite"),
        ("app/api", None, "admin"),
        ("app/api", None, "can-rewrite"),
    ]


def test_beside_what_is_live_stands_what_the_file_asks_for_there() -> None:
    own = {"app/api": policy(allow(ROLE, PULL)), "app/new": None, "other": policy(allow("*"))}
    seen = access_overview(source(), live=live_in(us_west_2=own, eu_west_1=own))
    assert seen.desired is not None
    assert [row.repository for row in seen.result.matrix.rows] == ["app/api", "app/new", "other"]
    assert [row.repository for row in seen.desired.rows] == ["app/api", "app/new"]
    assert [(at, risk.name) for at, _, risk, _ in seen.risks] == [("other", "public")]


def test_both_sides_are_asked_about_the_same_principals() -> None:
    """A role that is only live may have the same by what the file gives its account."""
    live = {"app/api": policy(allow(ROLE, PULL), allow("444455556666", PULL))}
    seen = access_overview(source(), live=live_in(us_west_2=live, eu_west_1=live))
    assert seen.desired is not None
    (row,) = seen.desired.rows
    through = {cell.subject.principal.names[0]: cell.through for cell in row.cells}
    assert through[ROLE] == "account"


def test_a_session_that_is_only_live_has_what_the_file_gives_its_role() -> None:
    session = "arn:aws:sts::444455556666:assumed-role/ci/build"
    live = {"gone/away": policy(allow(session, PULL))}
    seen = access_overview(source(), live=live_in(us_west_2=live, eu_west_1=live))
    assert seen.desired is not None
    (row,) = seen.desired.rows
    held = {cell.subject.principal.names[0]: cell.allowed for cell in row.cells}
    assert held[session] == "pull"


def test_the_risk_of_one_region_is_of_that_region() -> None:
    differing = {"app/api": policy(allow("*"))}
    equal = {"app/api": policy(allow(OTHER_ACCOUNT))}
    seen = access_overview(source(), live=live_in(us_west_2=equal, eu_west_1=differing))
    assert [(at, region, risk.name) for at, region, risk, _ in seen.risks] == [
        ("app/api", "eu-west-1", "public")
    ]


def test_a_part_of_the_repositories() -> None:
    seen = access_overview(source(), repositories=("app/*",))
    assert [row.repository for row in seen.result.matrix.rows] == ["app/*", "app/api"]
    with pytest.raises(ArgumentError):
        access_overview(source(), repositories=("nothing/here",))
