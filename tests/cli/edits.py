"""Edits of live policies, as somebody in the console would make them."""

import json

from reconciler.sandbox.server import Sandbox


def add_action(ecr: Sandbox, role: str, action: str, repository: str = "payments/api") -> None:
    """Let a role do one action more."""
    policy = json.loads(ecr.policy_text(repository) or "")
    for statement in policy["Statement"]:
        if role in json.dumps(statement["Principal"]):
            statement["Action"] = [*statement["Action"], action]
    ecr.set_policy_text(repository, json.dumps(policy))
