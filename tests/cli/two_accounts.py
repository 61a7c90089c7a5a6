"""Two accounts of an embedded ECR; the caller is of one, and may assume a role of the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

HOME, OTHER = "111122223333", "222233334444"
HERE, THERE = "us-west-2", "eu-west-1"
ROLE = f"arn:aws:iam::{OTHER}:role/reconciler"
EXTERNAL_ID = "contract-17"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{HOME}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        ],
    }
)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Sandbox]:
    """Serve both accounts, without repositories, and the role."""
    with Sandbox(behaviour, account=HOME, other_accounts=[OTHER]) as sandbox:
        sandbox.create_role(OTHER, "reconciler", trust_policy=TRUST)
        yield sandbox
