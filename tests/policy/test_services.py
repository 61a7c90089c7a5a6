"""Service principals: their partitions, and the known ones that a near miss means."""

import pytest

from reconciler.policy.language.principals import (
    closest_service,
    dns_suffix,
    in_any_partition,
    known_service,
    partition_of_service,
)


@pytest.mark.parametrize(
    ("name", "partition"),
    [
        ("lambda.amazonaws.com", None),
        ("codebuild.amazonaws.com.cn", "aws-cn"),
        ("ec2.cn-north-1.amazonaws.com", "aws-cn"),
        ("logs.us-gov-west-1.amazonaws.com", "aws-us-gov"),
        ("logs.us-west-2.amazonaws.com", "aws"),
        ("lambda", None),
    ],
)
def test_the_partition_that_a_name_can_be_of(name: str, partition: str | None) -> None:
    assert partition_of_service(name) == partition


def test_the_ending_of_each_partition() -> None:
    assert in_any_partition("codebuild.amazonaws.com.cn") == "codebuild.amazonaws.com"


@pytest.mark.parametrize(
    ("short", "known"),
    [
        ("codebuild", "codebuild.amazonaws.com"),
        ("CodeBuild.amazonaws.com", "codebuild.amazonaws.com"),
        ("codebild", None),
    ],
)
def test_what_is_written_in_short(short: str, known: str | None) -> None:
    assert known_service(short) == known


@pytest.mark.parametrize(
    ("partition", "suffix"),
    [("aws", "amazonaws.com"), ("aws-us-gov", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")],
)
def test_how_the_host_names_of_a_partition_end(partition: str, suffix: str) -> None:
    assert dns_suffix(partition) == suffix


@pytest.mark.parametrize(
    ("name", "partition", "meant"),
    [
        ("lamda.amazonaws.com", "aws", "lambda.amazonaws.com"),
        ("lamdba.amazonaws.com", "aws", "lambda.amazonaws.com"),
        ("lgos.us-west-2.amazonaws.com", "aws", "logs.us-west-2.amazonaws.com"),
        ("lambda.amazonaws.co", "aws", "lambda.amazonaws.com"),
        ("lambda.aws", "aws", "lambda.amazonaws.com"),
        ("lambda.amazonaws.com", "aws", None),
        ("lambda.example.org", "aws", None),
        ("internal-thing-of-ours.amazonaws.com", "aws", None),
        ("thing.aws", "aws", None),
    ],
)
def test_the_known_one_that_a_near_miss_means(name: str, partition: str, meant: str | None) -> None:
    assert closest_service(name, partition) == meant
