"""The ARNs that a file may name: those that ECR takes as a principal, in the right partition."""

from reconciler.access.account_fields import check_partition
from reconciler.access.accounts import Surroundings, check_named
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import shown
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import Principal, gone_kind, parse_arn

_TAKEN = frozenset({"root", "role", "user", "assumed-role", "federated-user"})
_FORMS = "such as arn:aws:iam::444455556666:role/NAME, or …:user/NAME, or …:root"
_PATTERN_HINT = (
    "IAM takes no wildcard in a principal's ARN; write"
    ' {role: "PATTERN", account: NAME}, which becomes a condition'
)


_GONE_HINT = "such an id is left of a {kind} that was deleted; name the new one by its ARN"


def is_plain(path: str) -> bool:
    """Tell whether a path and name hold no empty part, most likely a slip, and no variable."""
    return "${" not in path and all(path.split("/") if path else ())


def read_arn(node: ScalarNode, around: Surroundings) -> Principal | None:
    """Read the ARN of a principal; None, and a problem, where ECR would not take it.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses groups and
    wildcards is evidenced by public reports.
    """
    if has_wildcard(node.text):
        message = f"a wildcard in the ARN {shown(node.text)}"
        around.findings.error("wildcard-in-arn", message, node.place, hint=_PATTERN_HINT)
        return None
    arn = parse_arn(node.text)
    if arn is None or arn.resource_type not in _TAKEN or not is_plain(arn.path):
        message = f"{shown(node.text)} is not the ARN of a principal that ECR takes"
        gone = gone_kind(Principal("AWS", (node.text,)))
        hint = _GONE_HINT.format(kind=gone) if gone else _FORMS
        around.findings.error("bad-arn", message, node.place, hint=hint)
        return None
    check_partition(node.text, node.place, around.partition, around.findings)
    check_named(node.text, node.place, around.accounts, around.findings)
    return Principal("AWS", (node.text,))
