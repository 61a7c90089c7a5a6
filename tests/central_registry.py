"""A real central registry as an access file: from the facts in `shared/real`, where they are.

`python -m tests.central_registry` prints the file.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

FACTS = Path(__file__).parents[2] / "shared" / "real" / "central_registry.json"


def access_file(facts: Mapping[str, object]) -> str:
    """Write the access file that asks for what the registry's own Terraform asks for."""
    tiers = {f"their-{name}": {"actions": actions} for name, actions in facts["tiers"].items()}
    content = {
        "version": 1,
        "registry": {
            "account": facts["registry"]["account"],
            "regions": [facts["registry"]["region"]],
        },
        "accounts": facts["accounts"],
        "principals": {},
        "tiers": tiers,
        "repositories": {},
    }
    for repository in facts["repositories"]:
        access: dict[str, list[str]] = {}
        for tier in ("push", "pull"):
            for principal in repository[tier]:
                access.setdefault(principal, []).append(f"their-{tier}")
        if repository["lambda_source_arns"]:
            name = f"{repository['name']}-functions"
            content["principals"][name] = {
                "service": "lambda.amazonaws.com",
                "source_arns": repository["lambda_source_arns"],
            }
            access[name] = ["their-lambda"]
        content["repositories"][repository["name"]] = {"access": access}
    return yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)


def policy_of(repository: Mapping[str, object], facts: Mapping[str, object]) -> str:
    """Write a repository's policy as the registry's Terraform does: one statement for each tier."""
    service = {"Service": "lambda.amazonaws.com"}
    sources = {"StringLike": {"aws:sourceArn": repository["lambda_source_arns"]}}
    parts = [
        ("push", {"AWS": repository["push"]}, {}),
        ("pull", {"AWS": repository["pull"]}, {}),
        ("lambda", service, {"Condition": sources} if repository["lambda_source_arns"] else None),
    ]
    statements = [
        {
            "Sid": facts["sids"][tier],
            "Effect": "Allow",
            "Principal": principal,
            "Action": facts["tiers"][tier],
            **condition,
        }
        for tier, principal, condition in parts
        if condition is not None and list(principal.values()) != [[]]
    ]
    return json.dumps({"Version": "2008-10-17", "Statement": statements})


if __name__ == "__main__":
    sys.stdout.write(access_file(json.loads(FACTS.read_text())))
