"""Repositories that were made a moment ago and are not to be found yet."""

from weakref import WeakKeyDictionary

from moto.ecr.models import Repository


class Newcomers:
    """Repositories that are hidden from the first `visible_after` calls that name them.

    Not safe for several threads.
    """

    def __init__(self, visible_after: int) -> None:
        self._visible_after = visible_after
        self._to_come: WeakKeyDictionary[Repository, int] = WeakKeyDictionary()

    def add(self, repository: Repository) -> None:
        """Hide a repository that a call has made."""
        self._to_come[repository] = self._visible_after

    def hidden(self, repository: Repository) -> bool:
        """Whether a repository is still hidden, without counting a call."""
        return self._to_come.get(repository, 0) > 0

    def named(self, repository: Repository) -> bool:
        """Count a call that names a repository; whether it is hidden from that call."""
        hidden = self.hidden(repository)
        if hidden:
            self._to_come[repository] -= 1
        return hidden
