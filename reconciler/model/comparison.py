"""How two policy documents compare, as plain data."""

from dataclasses import dataclass

from reconciler.model.status import Status
from reconciler.policy import AccessChange, Unreadable


@dataclass(frozen=True, slots=True)
class UnreadableDocument:
    """A document that is not a policy, and why."""

    name: str
    policy: Unreadable


@dataclass(frozen=True, slots=True)
class Comparison:
    """What leads from the left document to the right one; empty where they mean the same.

    Where one is unreadable nothing is known of the access.
    """

    left: str
    right: str
    access: tuple[AccessChange, ...]
    unreadable: tuple[UnreadableDocument, ...]

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where a document is unreadable, DIFFERS where the access does."""
        if self.unreadable:
            return frozenset({Status.INVALID})
        return frozenset({Status.DIFFERS} if self.access else ())
