"""The ARNs that a file may name: those that ECR takes as a principal, in the right partition."""

from reconciler.access.account_fields import check_partition
from reconciler.access.accounts import Surroundings, check_named
from reconciler.access.near_misses import near_miss, no_arn, pattern_hint
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import shown
from reconciler.access.roles import check_sso, is_plain
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import Principal, parse_arn

_TAKEN = frozenset({"root", "role", "user", "assumed-role", "federated-user"})


def read_arn(node: ScalarNode, around: Surroundings) -> Principal | None:
    """Read the ARN of a principal; None, and a problem, where ECR would not take it.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses groups and
    wildcards is evidenced by public reports.
    """
    if has_wildcard(node.text):
        message = f"a wildcard in the ARN {shown(node.text)}"
        hint = pattern_hint(node.text, around)
        around.findings.error("wildcard-in-arn", message, node.place, hint=hint)
        return None
    arn = parse_arn(node.text)
    if arn is None or arn.resource_type not in _TAKEN or not is_plain(arn.path):
        found = near_miss(node.text, around) or no_arn(node.text, around)
        around.findings.error("bad-arn", found.message, node.place, hint=found.hint)
        return None
    if arn.resource_type == "role":
        check_sso(arn.path, node.place, around.findings)
    check_partition(node.text, node.place, around.partition, around.findings)
    check_named(node.text, node.place, around.accounts, around.findings)
    return Principal("AWS", (node.text,))
