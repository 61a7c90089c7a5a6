"""Tell apart what a plan changes because of an edit, and what because of drift.

A difference is drift where the plan of an earlier version of the file makes it, too. Compared is
what each plan gains and loses against the same live policies, with covering: access that the
earlier version grants by a wider action, condition or pattern is drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.registry import Target
from reconciler.model.templates import CreationTemplate, read_template
from reconciler.plan.causes import CausedAccess, Causes, ChangeCause, together
from reconciler.plan.model import Change
from reconciler.policy import (
    AccessChange,
    Actions,
    Facts,
    HeldFacts,
    Holder,
    Holding,
    Holdings,
    Resources,
    add_facts,
    subtract_facts,
    uncovered_facts,
)


def find_causes(changes: Iterable[Change], of_base: Iterable[Change]) -> Mapping[Target, Causes]:
    """Return the causes of each change, by its target.

    `of_base` are the changes that an earlier version of the file makes to the same live registry.
    A change whose target has none there is caused by the edit, also where the earlier version could
    not be planned for it.
    """
    earlier = {change.target: change for change in of_base}
    return {change.target: _causes(change, earlier.get(change.target)) for change in changes}


def split_access(
    changes: Iterable[AccessChange], of_base: Iterable[AccessChange]
) -> tuple[CausedAccess, ...]:
    """Split each change of one policy into parts of one cause each, in the order of the changes.

    The parts of a change gain and lose together what it gains and loses, and each fact is in one of
    them.
    """
    base = _BaseAccess(tuple(of_base))
    return tuple(part for change in changes for part in _split(change, base))


def facts_by_part(
    changes: Iterable[tuple[AccessChange, Holdings]],
) -> dict[Resources | None, Facts]:
    """Return what changes of access gain, lose or hold, by the repositories that they are about."""
    found: defaultdict[Resources | None, dict[Holder, Actions]] = defaultdict(dict)
    for change, holdings in changes:
        found[change.on].update(_facts(change, holdings))
    return dict(found)


def _causes(change: Change, base: Change | None) -> Causes:
    beside = tuple(_beside(change, base))
    access = split_access(change.access, base.access if base else ())
    return Causes(access, together(*beside) if beside else None)


class _BaseAccess:
    """What the earlier version of the file gains and loses in the place of a policy."""

    def __init__(self, changes: tuple[AccessChange, ...]) -> None:
        """Index it by the repositories that it is about."""
        gained = facts_by_part((change, change.gained) for change in changes)
        self._lost = facts_by_part((change, change.lost) for change in changes)
        self._gained = gained.pop(None, {})
        self._gained_on = HeldFacts({part: own for part, own in gained.items() if part})

    def gained(self, on: Resources | None) -> Facts:
        """Return what is gained; on repositories of the registry's policy, by wider ones, too."""
        return self._gained if on is None else self._gained_on.on(on)

    def lost(self, on: Resources | None) -> Facts:
        """Return what is lost of the live facts about the same repositories."""
        return self._lost.get(on, {})


def _split(change: AccessChange, base: _BaseAccess) -> Iterator[CausedAccess]:
    gained, lost = _facts(change, change.gained), _facts(change, change.lost)
    of_edit = uncovered_facts(gained, by=base.gained(change.on))
    lost_by_edit = subtract_facts(lost, base.lost(change.on))
    of_drift = subtract_facts(gained, of_edit)
    lost_by_drift = subtract_facts(lost, lost_by_edit)
    if not of_edit and not lost_by_edit:
        yield CausedAccess(change, "drift")
        return
    if not of_drift and not lost_by_drift:
        yield CausedAccess(change, "edit")
        return
    before, after = _facts(change, change.before), _facts(change, change.after)
    # What is desired and not gained stays: a lost action pattern may be what covers it.
    staying = add_facts(of_drift, subtract_facts(after, gained))
    between = _holdings(add_facts(subtract_facts(before, lost_by_drift), staying))
    drift = change._replace(
        after=between, gained=_holdings(of_drift), lost=_holdings(lost_by_drift)
    )
    yield CausedAccess(drift, "drift")
    edit = change._replace(before=between, gained=_holdings(of_edit), lost=_holdings(lost_by_edit))
    yield CausedAccess(edit, "edit")


def _facts(change: AccessChange, holdings: Holdings) -> dict[Holder, Actions]:
    return {Holder(change.principal, change.effect, one.condition): one.actions for one in holdings}


def _holdings(facts: Facts) -> Holdings:
    return tuple(Holding(holder.condition, facts[holder]) for holder in sorted(facts))


def _beside(change: Change, base: Change | None) -> Iterator[ChangeCause]:
    """Yield the causes of what a change is about beside access."""
    if change.unreadable is not None:
        yield "edit" if base is None else "drift"
    if change.settings is not None:
        yield _three_way(None, base and base.settings, change.settings)
    if change.target.subject == "creation-template":
        live, desired = _fields(change.before_text), _fields(change.after_text)
        if live != desired:
            yield _three_way(live, _fields(base.after_text) if base else live, desired)


def _fields(text: str | None) -> CreationTemplate | None:
    """Return a template without its policy; None for no template."""
    return None if text is None else read_template(text)._replace(policy_text=None)


def _three_way(live: object, base: object, desired: object) -> ChangeCause:
    """Return the cause of a difference between two values, None for what is not there."""
    if base == desired:
        return "drift"
    return "edit" if base == live or desired is None else "both"
