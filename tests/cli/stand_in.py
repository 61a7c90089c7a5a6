"""A stand-in for the `aws` client: the calls of the guides, made by boto3, on any machine.

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
    operations = ["set-repository-policy", "delete-repository-policy"]
    parser.add_argument("operation", choices=operations)
    parser.add_argument("--repository-name", required=True)
    parser.add_argument("--policy-text")
    parser.add_argument("--output")
    given = parser.parse_args()
    ecr, name = boto3.client(given.service), given.repository_name
    if given.operation == "delete-repository-policy":
        answer = ecr.delete_repository_policy(repositoryName=name)
    else:
        answer = ecr.set_repository_policy(repositoryName=name, policyText=given.policy_text)
    sys.stdout.write(answer["policyText"])


if __name__ == "__main__":
    main()
