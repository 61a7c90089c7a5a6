"""New objects that calls do not find yet."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable


class EventualConsistency:
    """New objects, which the first `calls` calls that name them do not find. For one thread."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._named: Counter[Hashable] = Counter()

    def find(self, objects: Collection[Hashable]) -> bool:
        """Count a call that names these objects; return whether it finds all of them."""
        self._named.update(objects)
        return all(self._named[each] > self._calls for each in objects)

    def is_visible(self, thing: Hashable) -> bool:
        """Whether a call that names this object would find it. Counts nothing."""
        return self._named[thing] >= self._calls

    def settle(self, objects: Iterable[Hashable]) -> None:
        """Make these objects visible to all calls from now on."""
        self._named.update(dict.fromkeys(objects, self._calls))
