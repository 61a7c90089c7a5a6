"""Service principals: of the registry's partition, and spelt as a known one is."""

from difflib import get_close_matches

import pytest

from reconciler.access_file.document.problems import Problem
from reconciler.policy.language.principals import KNOWN_SERVICES, closest_service
from tests.access_file.files import NOW, load_access

US, CHINA, GOV, ISO = "us-west-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1"


def told(service: str, region: str = US) -> tuple[Problem, ...]:
    text = (
        f"version: 1\nregistry: {{account: '111122223333', regions: [{region}]}}\n"
        f"principals: {{who: {{service: {service}, source_accounts: ['444455556666']}}}}\n"
        "repositories: {a/b: {access: {who: pull}}}\n"
    )
    return load_access(text.encode(), "f.yaml", now=NOW).problems


@pytest.mark.parametrize(
    ("service", "region", "hint"),
    [
        ("codebuild.amazonaws.com.cn", US, "write codebuild.amazonaws.com"),
        ("lambda.amazonaws.com.cn", GOV, "write lambda.amazonaws.com"),
        ("ec2.c2s.ic.gov", CHINA, "write ec2.amazonaws.com"),
        ("lambda.amazonaws.eu", US, "write lambda.amazonaws.com"),
        ("logs.cn-north-1.amazonaws.com.cn", US, "write logs.amazonaws.com"),
        ("states.us-west-2.amazonaws.com", CHINA, "write states.amazonaws.com"),
    ],
)
def test_a_service_of_another_partition_is_an_error(service: str, region: str, hint: str) -> None:
    (problem,) = told(service, region)
    assert (problem.rule, problem.severity, problem.hint) == ("wrong-partition", "error", hint)
    assert told(hint.removeprefix("write "), region) == ()


@pytest.mark.parametrize(
    ("service", "region"),
    [
        ("codebuild.amazonaws.com", CHINA),
        ("ec2.amazonaws.com.cn", CHINA),
        ("states.cn-north-1.amazonaws.com.cn", CHINA),
        ("lambda.amazonaws.com", GOV),
        ("ec2.c2s.ic.gov", ISO),
        ("states.us-west-2.amazonaws.com", US),
        ("replicator.lambda.amazonaws.com", US),
        ("brand-new-service.amazonaws.com", US),
        ("service.example.com", US),
    ],
)
def test_what_may_be_a_service_here_is_taken(service: str, region: str) -> None:
    assert told(service, region) == ()


@pytest.mark.parametrize(
    ("service", "region", "meant"),
    [
        ("lamda.amazonaws.com", US, "lambda.amazonaws.com"),
        ("codebiuld.amazonaws.com", US, "codebuild.amazonaws.com"),
        ("ecs-task.amazonaws.com", US, "ecs-tasks.amazonaws.com"),
        ("esc.amazonaws.com", US, "ecs.amazonaws.com"),
        ("lambda.amazon.com", US, "lambda.amazonaws.com"),
        ("lambda.amazonaw.com", US, "lambda.amazonaws.com"),
        ("sagemaker.aws.com", US, "sagemaker.amazonaws.com"),
        ("state.us-west-2.amazonaws.com", US, "states.us-west-2.amazonaws.com"),
        ("lamda.amazonaws.com.cn", CHINA, "lambda.amazonaws.com.cn"),
        ("ec2.amazonaws.com.c", CHINA, "ec2.amazonaws.com.cn"),
    ],
)
def test_a_near_miss_of_a_known_service_is_a_warning(service: str, region: str, meant: str) -> None:
    (problem,) = told(service, region)
    assert (problem.rule, problem.severity) == ("unknown-service", "warning")
    assert problem.hint == f"did you mean '{meant}'?"
    assert told(meant, region) == ()


def test_a_known_service_is_no_near_miss() -> None:
    for service in KNOWN_SERVICES:
        assert closest_service(f"{service}.amazonaws.com", "aws") is None
        assert get_close_matches(service, KNOWN_SERVICES, n=1) == [service]


def test_so_many_services_are_compared_and_no_more() -> None:
    names = ", ".join(f"lamda{n}.amazonaws.com" for n in range(400))
    statement = f"{{Effect: Deny, Principal: {{Service: [{names}]}}, Action: 'ecr:*'}}"
    text = (
        "version: 1\nregistry: {account: '111122223333', regions: [us-west-2]}\n"
        f"repositories: {{a/b: {{statements: [{statement}]}}}}\n"
    )
    problems = load_access(text.encode(), "f.yaml", now=NOW).problems
    assert sum(p.rule == "unknown-service" for p in problems) < 400
