"""The policy to come where a change has both causes: the live one with the edit, and no more.

It has what is live without what the edit removes, and what is desired without what is drift. A
repository's policy is treated as one of the registry that is about this repository alone.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.causes import Causes, ChangeCause
from reconciler.plan.desired_policy import PlanInputs, keepable
from reconciler.plan.edits.find_causes import facts_by_part
from reconciler.plan.model import Change, NotPlannableError
from reconciler.policy import (
    Actions,
    Facts,
    Holder,
    Json,
    RegistryFacts,
    RegistryStatement,
    Resources,
    Statement,
    Unreadable,
    add_facts,
    choose_statements,
    compile_policy,
    globs_intersect,
    kept_registry_statements,
    may_match,
    may_overlap,
    read_policy,
    read_registry_policy,
    reduce_registry_facts,
    registry_facts_of,
    registry_statement_key,
    subtract_facts,
)

Access = Mapping[Resources | None, Facts]
"""Facts by the repositories that they are about; None in a repository's own policy."""

Statements = tuple[Json, ...]
"""The statements of a policy as JSON, without those of others that are kept."""


def require_cause(change: Change, unplanned: Container[Target] = ()) -> None:
    """Raise NotPlannableError where it is unknown what others changed.

    `unplanned` are the targets on which the earlier version has an error. On a repository that does
    not exist, it has one unless it creates it; there nobody has changed anything.
    """
    if change.unreadable is not None or change.is_opaque:
        raise _not_separable("the policy is not understood")
    if change.settings is None and change.target in unplanned:
        raise _not_separable("the earlier version can't be planned on it")


def edited_statements(change: Change, causes: Causes, inputs: PlanInputs) -> Statements:
    """Return the statements of the policy to come. Raises NotPlannableError where there is none.

    Live statements stay as they are written, or lose what the edit removes.
    """
    require_cause(change)
    _require_policy_alone(change, causes)
    _require_apart(causes)
    target, prefix = change.target, change.target.scope.arn_prefix
    live, desired = (
        _read(target, target.policy_of(text)) for text in (change.before_text, change.after_text)
    )
    kept = _kept(change, live, inputs)
    taken = {registry_statement_key(one, prefix) for one in kept}
    before, after = (
        [one for one in found if registry_statement_key(one, prefix) not in taken]
        for found in (live, desired)
    )
    facts = _edited_facts(
        causes,
        registry_facts_of([*before, *kept], prefix),
        registry_facts_of([*after, *kept], prefix),
        target,
    )
    chosen = choose_statements(facts, before, after, kept, prefix)
    if target.subject != "registry-policy":
        # A Resource says nothing in a repository policy, and the service may refuse it.
        chosen = tuple({k: v for k, v in one.items() if k != "Resource"} for one in chosen)
    written = _read(target, compile_policy({}, chosen, {}))
    if registry_facts_of([*written, *kept], prefix) != facts:
        raise _not_separable("no policy of our version has exactly what is live with the edit")
    return chosen


def _require_policy_alone(change: Change, causes: Causes) -> None:
    """Raise NotPlannableError where more than a policy has both causes."""
    if change.settings is not None:
        raise _not_separable("the earlier version creates the repository, too")
    if change.target.subject != "creation-template":
        return
    if change.change != "set":
        raise _not_separable(f"the earlier version also leads to a {change.change} of the template")
    if causes.beside == "both":
        raise _not_separable("the earlier version changes the events of the template, too")


def _require_apart(causes: Causes) -> None:
    """Raise NotPlannableError where the edit and drift may be about the same access.

    Others may have taken a part of what the edit removes, so that all three versions give that
    part, and the merge does not. A Deny that others removed may limit what the edit gives, and one
    that the edit removes what others gave: then the merge gives what neither live nor file does.
    """
    lost, gained = _access(causes, "edit")
    lost_by_others, gained_back = _access(causes, "drift")
    for effect in ("Allow", "Deny"):
        if _may_meet(lost, effect, gained_back, effect):
            raise _not_separable("others have removed a part of what it removes")
    if _may_meet(gained, "Allow", gained_back, "Deny"):
        raise _not_separable("it gives access that a Deny concerns, which others have removed")
    if _may_meet(lost, "Deny", lost_by_others, "Allow"):
        raise _not_separable("it removes a Deny that concerns access that others have given")


def _access(causes: Causes, cause: ChangeCause) -> tuple[Access, Access]:
    """Return what the parts of one cause lose and gain."""
    access = [one.access for one in causes.access if one.cause == cause]
    lost = facts_by_part((one, one.lost) for one in access)
    return lost, facts_by_part((one, one.gained) for one in access)


def _may_meet(left: Access, effect: str, right: Access, other: str) -> bool:
    """Whether facts of `left` with one effect may be about requests of `right` with another."""
    return any(
        (may_match(one.principal, two.principal) or may_match(two.principal, one.principal))
        and may_overlap(actions, others)
        and _may_share(part, of)
        for part, one, actions in _facts(left, effect)
        for of, two, others in _facts(right, other)
    )


def _facts(access: Access, effect: str) -> Iterator[tuple[Resources | None, Holder, Actions]]:
    for part, facts in access.items():
        yield from ((part, h, actions) for h, actions in facts.items() if h.effect == effect)


def _may_share(left: Resources | None, right: Resources | None) -> bool:
    """Whether there may be a repository that both are about."""
    if left is None or right is None:
        return True
    if any(one.excluded or one.has_variables for one in (left, right)):
        return True
    return any(globs_intersect(one, two) for one in left.patterns for two in right.patterns)


def _kept(
    change: Change, live: Iterable[RegistryStatement], inputs: PlanInputs
) -> tuple[RegistryStatement, ...]:
    """Return the live statements of others that stay whatever the file says."""
    if change.target.subject == "creation-template":
        return ()
    if change.target.subject == "registry-policy":
        return kept_registry_statements(live, inputs.registry_ownership)
    return tuple(_about(change.target, one) for one in keepable(change.before, inputs.ownership))


def _read(target: Target, text: str | None) -> tuple[RegistryStatement, ...]:
    """Read the text of a policy; no statements where it is not understood."""
    if target.subject == "registry-policy":
        found = read_registry_policy(text, partition=target.partition)
        return () if isinstance(found, Unreadable) else found.statements
    own = read_policy(text, partition=target.partition, arn=target.arn)
    statements = () if isinstance(own, Unreadable) else own.statements
    return tuple(_about(target, one) for one in statements)


def _about(target: Target, statement: Statement) -> RegistryStatement:
    return RegistryStatement(statement, Resources((target.arn,)))


def _edited_facts(
    causes: Causes, before: RegistryFacts, after: RegistryFacts, target: Target
) -> RegistryFacts:
    """Return what is live without what the edit removes, and what is desired without drift."""
    removed = facts_by_part((c.access, c.access.lost) for c in causes.access if c.cause == "edit")
    drift = facts_by_part((c.access, c.access.gained) for c in causes.access if c.cause == "drift")
    nothing: Facts = {}
    found: dict[Resources, Facts] = {}
    for part in {*before, *after}:
        key = part if target.subject == "registry-policy" else None
        staying = subtract_facts(before.get(part, nothing), removed.get(key, nothing))
        wanted = subtract_facts(after.get(part, nothing), drift.get(key, nothing))
        found[part] = add_facts(staying, wanted)
    return reduce_registry_facts(found)


def _not_separable(why: str) -> NotPlannableError:
    return NotPlannableError(
        RuleId.MIXED_WITH_DRIFT, f"the edit can't be told from what others changed: {why}"
    )
