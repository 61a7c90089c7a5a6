"""The ARNs that a file may name: those that ECR takes as a principal, in the right partition."""

import re

from reconciler.access.accounts import Accounts, check_named
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import Findings, Place, shown
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import Principal, parse_arn

_PARTITION = re.compile(r"arn:(aws[a-z-]*):.*", re.DOTALL)
_TAKEN = frozenset({"root", "role", "user", "assumed-role", "federated-user"})
_FORMS = "such as arn:aws:iam::444455556666:role/NAME, or …:user/NAME, or …:root"
_PATTERN_HINT = (
    "IAM takes no wildcard in a principal's ARN; write"
    ' {role: "PATTERN", account: NAME}, which becomes a condition'
)


def read_arn(
    node: ScalarNode, partition: str, accounts: Accounts, findings: Findings
) -> Principal | None:
    """Read the ARN of a principal; None, and a problem, where ECR would not take it.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses groups and
    wildcards is evidenced by public reports.
    """
    if has_wildcard(node.text):
        message = f"a wildcard in the ARN {shown(node.text)}"
        findings.error("wildcard-in-arn", message, node.place, hint=_PATTERN_HINT)
        return None
    arn = parse_arn(node.text)
    if arn is None or arn.resource_type not in _TAKEN:
        message = f"{shown(node.text)} is not the ARN of a principal that ECR takes"
        findings.error("bad-arn", message, node.place, hint=_FORMS)
        return None
    check_partition(node.text, node.place, partition, findings)
    check_named(node.text, node.place, accounts, findings)
    return Principal("AWS", (node.text,))


def check_partition(text: str, place: Place, partition: str, findings: Findings) -> None:
    """Report an ARN that lives in another partition than the registry's regions."""
    match = _PARTITION.fullmatch(text)
    if match and match[1] != partition:
        message = f"{shown(text)} is in the partition {match[1]}, the registry in {partition}"
        hint = "a policy only reaches principals of its own partition"
        findings.error("wrong-partition", message, place, hint=hint)
