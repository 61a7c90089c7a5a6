"""Guards of a file, and what one run allows beyond them."""

from typing import NamedTuple


class Limit(NamedTuple):
    """A number of grants, and a share in percent (0 to 100): exceeded where both are."""

    percent: float = 0
    grants: int = 0

    def __str__(self) -> str:
        """Say what has to be exceeded; one of the two alone where the other is 0."""
        if not self.percent:
            return f"{self.grants}"
        share = f"{self.percent:g} %"
        return f"{self.grants} and {share}" if self.grants else share


class Guards(NamedTuple):
    """The guards of one file; a limit of None is off, `public` are names and patterns."""

    max_revoked: Limit | None = Limit(percent=30, grants=10)
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
