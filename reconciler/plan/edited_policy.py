"""The policy to come where a change has both causes: the live one with the edit, and no more.

It has what is live without what the edit removes, and what is desired without what is drift. A
repository's policy is treated as one of the registry that is about this repository alone.
"""

from collections.abc import Container, Iterable

from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.causes import Causes
from reconciler.plan.desired_policy import PlanInputs, keepable
from reconciler.plan.find_causes import facts_by_part
from reconciler.plan.model import Change, NotPlannableError
from reconciler.policy import (
    Facts,
    Json,
    RegistryFacts,
    RegistryStatement,
    Resources,
    Statement,
    Unreadable,
    add_facts,
    choose_statements,
    compile_policy,
    kept_registry_statements,
    read_policy,
    read_registry_policy,
    reduce_registry_facts,
    registry_facts_of,
    registry_statement_key,
    subtract_facts,
)

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
