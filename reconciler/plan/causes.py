"""The causes of a plan's changes: an edit of the file since an earlier version of it, or drift."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from reconciler.model.registry import Target
from reconciler.policy import AccessChange

ChangeCause = Literal["edit", "drift", "both"]
"""`drift` is what the plan of the earlier version changes in the same way; the rest is the edit."""


class CausedAccess(NamedTuple):
    """A change of access that has one cause: `edit` or `drift`."""

    access: AccessChange
    cause: ChangeCause


class Causes(NamedTuple):
    """The causes of one change.

    `access` is that of the change, in its order. Where both causes change the access of one
    principal, there are two: first from the live access to what it is without the drift, then from
    there to the desired one. `beside` is the cause of what it changes beside access, None for
    nothing.
    """

    access: tuple[CausedAccess, ...]
    beside: ChangeCause | None = None

    @property
    def whole(self) -> ChangeCause:
        """The cause of the whole change."""
        beside = () if self.beside is None else (self.beside,)
        return together(*(one.cause for one in self.access), *beside)


def together(*causes: ChangeCause) -> ChangeCause:
    """Return the one cause of several parts; `both` where they differ."""
    found = set(causes)
    return found.pop() if len(found) == 1 else "both"


class ComparedWith(NamedTuple):
    """The earlier version of a file that a plan is compared with.

    `revision` is what the user called the `commit` (its id in hex). `sha256` is the digest of the
    file there with all that it includes, empty where there is no file.
    """

    revision: str
    commit: str
    sha256: str


class LeftOut(NamedTuple):
    """What a plan of an edit leaves out as drift: whole `changes`, and `parts` of other changes."""

    changes: int = 0
    parts: int = 0


class PlanCauses(NamedTuple):
    """The causes of all changes of a plan, against an earlier version of the file.

    `left_out` is None where the plan is not limited to the edit.
    """

    base: ComparedWith
    by_target: Mapping[Target, Causes]
    left_out: LeftOut | None = None

    @property
    def numbers(self) -> Mapping[ChangeCause, int]:
        """The number of changes of each cause."""
        return Counter(causes.whole for causes in self.by_target.values())


def merge_causes(parts: Iterable[PlanCauses]) -> PlanCauses | None:
    """Merge the causes of the parts of one plan; None for no parts."""
    found = tuple(parts)
    if not found:
        return None
    left_out = [part.left_out for part in found if part.left_out is not None]
    return PlanCauses(
        found[0].base,
        {target: causes for part in found for target, causes in part.by_target.items()},
        LeftOut(*map(sum, zip(*left_out, strict=True))) if left_out else None,
    )
