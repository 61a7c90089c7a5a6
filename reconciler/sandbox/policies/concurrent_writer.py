"""Another writer, which changes a policy right after a read."""

from collections import Counter
from collections.abc import Hashable

from reconciler.sandbox.behaviour import Behaviour, PolicyKind
from reconciler.sandbox.policies.text import add_concurrent_statement


class ConcurrentWriter:
    """Counts the reads of policies, and changes each once when it is time. For one thread.

    It changes policies of one kind only, as the behaviour says.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._reads: Counter[Hashable] = Counter()

    def changed(
        self,
        kind: PolicyKind,
        whose: Hashable,
        text: str | None,
        role_arn: str,
        resource: str | None = None,
    ) -> str | None:
        """Count a read of a policy; return the text that is written right after it, or None.

        `text` is the policy so far, None for no policy; a text that is no policy is not changed.
        `resource` is the Resource of the added statement, None for no such element.
        """
        if kind != self._behaviour.concurrent_write_to:
            return None
        self._reads[whose] += 1
        if self._reads[whose] != self._behaviour.concurrent_write_after_reads:
            return None
        try:
            return add_concurrent_statement(text, role_arn, resource)
        except ValueError:
            return None


def writer_role(partition: str, account: str) -> str:
    """Return the ARN of the role that the other writer gives access to."""
    return f"arn:{partition}:iam::{account}:role/concurrent-writer"
