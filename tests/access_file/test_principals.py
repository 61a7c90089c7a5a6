"""What each kind of principal becomes in a policy: the file's contract, row by row."""

import pytest

from reconciler.policy.language.conditions import condition_json
from tests.access_file.files import HEAD, load, rules, valid

ACCOUNTS = """\
accounts: {workloads: "444455556666", staging: "777788889999", partner: "999900001111"}
"""
ARN = "arn:aws:iam::444455556666"

BECOMES = [
    ("{role: role2-1, account: workloads}", [(f"{ARN}:role/role2-1", {})]),
    ('{role: role2-1, account: "444455556666"}', [(f"{ARN}:role/role2-1", {})]),
    (
        "{role: deploy/release, accounts: [workloads, staging]}",
        [
            (f"{ARN}:role/deploy/release", {}),
            ("arn:aws:iam::777788889999:role/deploy/release", {}),
        ],
    ),
    ("{role: r, accounts: [workloads, workloads]}", [(f"{ARN}:role/r", {})]),
    (
        '{role: "sso/*/Admin_?", account: workloads}',
        [(f"{ARN}:root", {"ArnLike": {"aws:PrincipalArn": f"{ARN}:role/sso/*/Admin_?"}})],
    ),
    (
        '{user: alice, account: workloads, when: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}}',
        [(f"{ARN}:user/alice", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
    ),
    ("{account: staging}", [("arn:aws:iam::777788889999:root", {})]),
    ("arn:aws:iam::999900001111:role/puller", [("arn:aws:iam::999900001111:role/puller", {})]),
    (
        "arn:aws:sts::444455556666:assumed-role/role2-1/session",
        [("arn:aws:sts::444455556666:assumed-role/role2-1/session", {})],
    ),
    (
        "{organization: o-a1b2c3d4e5}",
        [("*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})],
    ),
    (
        '{organization: o-a1b2c3d4e5, paths: ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"]}',
        [
            (
                "*",
                {
                    "ForAnyValue:StringLike": {
                        "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"
                    }
                },
            )
        ],
    ),
    (
        '{service: lambda.amazonaws.com, source_arns: ["arn:aws:lambda:us-west-2:444455556666:*"]}',
        [
            (
                "lambda.amazonaws.com",
                {"StringLike": {"aws:SourceArn": "arn:aws:lambda:us-west-2:444455556666:*"}},
            )
        ],
    ),
    (
        "{service: codebuild.amazonaws.com, source_accounts: [workloads, staging]}",
        [
            (
                "codebuild.amazonaws.com",
                {"StringEquals": {"aws:SourceAccount": ["444455556666", "777788889999"]}},
            )
        ],
    ),
    (
        "{service: lambda.amazonaws.com, source_organization: o-a1b2c3d4e5}",
        [("lambda.amazonaws.com", {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}})],
    ),
    (
        "{service: lambda.amazonaws.com, source_organization: o-a1b2c3d4e5,"
        ' source_paths: ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"], source_accounts: [staging]}',
        [
            (
                "lambda.amazonaws.com",
                {
                    "ForAnyValue:StringLike": {
                        "aws:SourceOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"
                    },
                    "StringEquals": {"aws:SourceAccount": "777788889999"},
                },
            )
        ],
    ),
    (
        "[workloads, staging]",
        [(f"{ARN}:root", {}), ("arn:aws:iam::777788889999:root", {})],
    ),
]


@pytest.mark.parametrize(("written", "expected"), BECOMES, ids=[row[0] for row in BECOMES])
def test_what_a_principal_becomes(written: str, expected: list[tuple[str, object]]) -> None:
    access = valid(
        f"{ACCOUNTS}principals: {{who: {written}}}\n"
        "repositories: {payments/api: {access: {who: pull}}}\n"
    )
    grants = [given.grant for given in access.entries[0].grants]
    found = [(grant.principal.names[0], condition_json(grant.condition)) for grant in grants]
    assert found == expected


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_are_written_in_the_partition_of_the_regions(region: str, partition: str) -> None:
    access = valid(
        'principals: {ci: {role: r, account: "444455556666"}}\n'
        'repositories: {payments/api: {access: {ci: pull, "777788889999": pull}}}\n',
        head=HEAD.replace("us-west-2", region),
    )
    names = [given.grant.principal.names[0] for given in access.entries[0].grants]
    assert names == [
        f"arn:{partition}:iam::444455556666:role/r",
        f"arn:{partition}:iam::777788889999:root",
    ]


def test_names_come_from_the_file() -> None:
    access = valid(
        f"{ACCOUNTS}"
        "principals:\n"
        "  ci: {role: role2-1, account: workloads}\n"
        "  puller: arn:aws:iam::999900001111:role/puller\n"
        "  team: [ci, staging]\n"
        "  everyone: [team, puller]\n"
        "repositories:\n"
        "  payments/api:\n"
        "    access:\n"
        "      everyone: pull\n"
        '      "444455556666": pull\n'
        "      arn:aws:iam::999900001111:role/other: pull\n"
    )
    names = [given.grant.name for given in access.entries[0].grants]
    assert names == ["ci", "staging", "puller", "workloads", None]


def test_all_conditions_must_hold() -> None:
    access = valid(
        "principals:\n"
        "  ci:\n"
        '    role: "build-*"\n'
        '    account: "444455556666"\n'
        '    when: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}\n'
        "repositories:\n"
        "  payments/api:\n"
        "    access:\n"
        "      ci:\n"
        "        tier: pull\n"
        "        until: 2027-03-31\n"
        '        when: {Bool: {"aws:SecureTransport": true}}\n'
    )
    (given,) = access.entries[0].grants
    assert condition_json(given.grant.condition) == {
        "ArnLike": {"aws:PrincipalArn": f"{ARN}:role/build-*"},
        "Bool": {"aws:SecureTransport": "true"},
        "DateLessThan": {"aws:CurrentTime": "2027-03-31T00:00:00Z"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    }


def test_words_that_yaml_makes_values_of_are_names() -> None:
    access = valid(
        'accounts: {yes: "444455556666", on: "777788889999"}\n'
        'tiers: {2027-03-31: {actions: ["ecr:ListImages"]}}\n'
        "repositories: {payments/api: {access: {yes: 2027-03-31, on: pull}}}\n"
    )
    assert [given.grant.name for given in access.entries[0].grants] == ["yes", "on"]


def test_a_group_is_no_second_spelling_of_its_members() -> None:
    loaded = load(
        'principals: {ci: {role: r, account: "444455556666"}, all: [ci, "777788889999"]}\n'
        "repositories: {payments/api: {access: {ci: push, all: pull}}}\n"
    )
    assert rules(loaded) == []
