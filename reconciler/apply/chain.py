"""Several writes of one repository, as one that can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.apply.journal_reading import Written
from reconciler.apply.live_state import is_same
from reconciler.model.registry import Target


@dataclass(frozen=True, slots=True)
class Chain:
    """The writes of one repository that are undone together.

    `old` is the policy that was there before them, None for no policy. `news` are those that may
    be there after them, if nobody else has written: more than one where a run was killed before
    it could say what became of its write. `created` tells that they made the repository. `open_at`
    is when the last of them was begun, if nobody knows what became of it.
    """

    old: str | None
    news: tuple[str | None, ...]
    created: bool
    open_at: datetime | None = None


def chain_of(target: Target, writes: Sequence[Written]) -> Chain | None:
    """Put a repository's writes together, in the journal's order; None where nothing was written.

    As long as each write found what the one before it had written, they are one. Where it found
    something else, somebody else wrote in between, and what that was is put back. A write that
    was killed was not done, if the next one found what it had found itself.
    """
    done = [write for write in writes if write.written is not False]
    if not done:
        return None
    linked = [done.pop()]
    while done:
        earlier, found = done.pop(), linked[-1].before
        if _is_same(target, earlier.after, found):
            linked.append(earlier)
        elif earlier.written or not _is_same(target, earlier.before, found):
            break
    news = []
    for write in linked:
        news.append(write.after)
        if write.written:
            break
    first, last = linked[-1], linked[0]
    open_at = last.at if last.written is None else None
    return Chain(first.before, tuple(news), first.change == "create", open_at)


def _is_same(target: Target, left: str | None, right: str | None) -> bool:
    return left == right or is_same(target.read(left), target.read(right))
