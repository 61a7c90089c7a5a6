"""Condition keys that AWS does not document, and what they were most likely meant as."""

import pytest

from reconciler.policy.language.condition_keys import closest_key
from reconciler.policy.meaning.no_effect import unknown_keys
from tests.policy.making import ROLE, allow, document


def unknown(when: object, version: str | None = "2012-10-17") -> set[str]:
    (statement,) = document(allow(ROLE, when=when), version=version).statements
    return set(unknown_keys(statement))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (None, set()),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a"}}, set()),
        ({"StringEquals": {"aws:PrincipleOrgID": "o-a"}}, {"aws:PrincipleOrgID"}),
        ({"Null": {"AWS:PrincipalOrg": "true"}}, {"AWS:PrincipalOrg"}),
        ({"StringEquals": {"ecr:ResourceTags/a": "b"}}, {"ecr:ResourceTags/a"}),
        ({"StringEquals": {"s3:nonsense": "b", "nonsense": "b", "saml:x": "b"}}, set()),
        ({"StringEquals": {"aws:SourceVpc": "${aws:Ec2SourceVpc}"}}, {"aws:Ec2SourceVpc"}),
        ({"StringLike": {"aws:userid": "*:${aws:user, 'x'}"}}, {"aws:user"}),
        ({"StringEquals": {"aws:PrincipalTag/a": "${aws:PrincipalTag/b} ${*}${$}"}}, set()),
    ],
)
def test_unknown_keys_are_found(when: object, expected: set[str]) -> None:
    assert unknown(when) == expected


def test_where_there_are_no_variables_none_is_unknown() -> None:
    when = {"StringEquals": {"aws:SourceVpc": "${aws:Ec2SourceVpc}"}}
    assert unknown(when, version="2008-10-17") == set()


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("aws:principleorgid", "aws:PrincipalOrgID"),
        ("aws:PrincipalOrganizationID", "aws:PrincipalOrgID"),
        ("aws:SourceIpAddress", "aws:SourceIp"),
        ("aws:SourceVpcEndpoint", "aws:SourceVpce"),
        ("aws:SourceAccountId", "aws:SourceAccount"),
        ("aws:PrincipalTag", "aws:PrincipalTag/TAG"),
        ("aws:PrincipleTag/team", "aws:PrincipalTag/team"),
        ("ecr:ResourceTags/team", "ecr:ResourceTag/team"),
        ("aws:xyzzy", None),
        ("aws:" + "PrincipalOrgID" * 9, None),
    ],
)
def test_what_was_meant(key: str, meant: str | None) -> None:
    assert closest_key(key) == meant
