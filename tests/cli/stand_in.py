"""A stand-in for the `aws` client: the calls of the quick start, made by boto3, on any machine.

`test_aws_client.py` makes the same calls with the real client.
"""

import argparse
import shlex
import sys
from pathlib import Path

import boto3

AWS_STAND_IN = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(__file__)))}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=["ecr"])
    parser.add_argument("operation", choices=["set-repository-policy"])
    parser.add_argument("--repository-name", required=True)
    parser.add_argument("--policy-text", required=True)
    parser.add_argument("--output")
    given = parser.parse_args()
    answer = boto3.client(given.service).set_repository_policy(
        repositoryName=given.repository_name, policyText=given.policy_text
    )
    sys.stdout.write(answer["policyText"])


if __name__ == "__main__":
    main()
