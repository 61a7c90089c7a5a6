"""Guards of a file, and what one run allows beyond them."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of grants: exceeded where both the count and the share (0 to 100) are."""

    percent: float = 0
    count: int = 0

    def __str__(self) -> str:
        """Say what has to be exceeded; one of the two alone where the other is 0."""
        if not self.percent:
            return f"{self.count}"
        share = f"{self.percent:g} %"
        return f"{self.count} and {share}" if self.count else share


class Guards(NamedTuple):
    """The guards of one file; a limit of None is off, `public` are names and patterns."""

    max_revoked: Limit | None = Limit(percent=30, count=10)
    max_granted: Limit | None = None
    public: tuple[str, ...] = ()


class Allowances(NamedTuple):
    """What one run may do beyond the guards: so many grants, and these repositories.

    In `public`, an entry's pattern counts for all that it matches.
    """

    revocations: int = 0
    grants: int = 0
    public: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    lock_out: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
