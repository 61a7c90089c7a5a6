"""The change of the registry's own policy: what the file asks for against what is live."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from reconciler.model.access import (
    DesiredRegistryPolicy,
    DisplayNames,
    registry_grant_facts,
)
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    RegistryScope,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.plan.checks.findings import expired_findings
from reconciler.plan.checks.risks import find_risks
from reconciler.plan.desired_policy import PlanInputs, check_length, unwritable
from reconciler.plan.model import (
    Beside,
    Change,
    NotPlannableError,
    Plan,
    PlanError,
    Risk,
    merge_plans,
)
from reconciler.plan.registry_policy.access import ENFORCED_BY_V1, RegistryAccess, depends_on_scope
from reconciler.policy import (
    ArnPrefix,
    Facts,
    HeldFacts,
    Ownership,
    RegistryDocument,
    RegistryFacts,
    RegistryStatement,
    Unreadable,
    add_facts,
    compile_registry_policy,
    difference,
    enforced,
    kept_registry_statements,
    read_registry_policy,
    registry_changes_meaning,
    registry_difference,
    registry_facts_of,
    registry_statement_key,
    subtract_facts,
)


class PlannedRegistryPolicy(NamedTuple):
    """What a plan does to the registry's own policy.

    `before` and `after` are what it allows and denies as it is, and once the plan is applied.
    `change` is None where nothing is to change, or where no change can be planned: then `plan` says
    why. It has no counts (`settle` adds them). `own` is what the file itself asks for.
    """

    before: RegistryAccess
    after: RegistryAccess
    change: Change | None = None
    plan: Plan = Plan()
    own: RegistryAccess = RegistryAccess()

    def beside(self, target: Target) -> tuple[Beside, Beside]:
        """Return what it adds to a repository's own policy, before and after the plan."""
        return self.before.beside(target), self.after.beside(target)


def plan_registry_policy(
    live: LiveRegistry, before: RegistryAccess, inputs: PlanInputs
) -> PlannedRegistryPolicy:
    """Plan the change of the registry's policy; none where the file does not manage it."""
    desired, policy = inputs.registry_policy, live.policy
    if desired is None or policy is None or isinstance(policy.text, ReadFailure):
        return PlannedRegistryPolicy(before, before)
    try:
        return _compare(desired, policy.text, live.scope, before, inputs)
    except NotPlannableError as error:
        failed = PlanError(registry_target(live.scope), error.rule, error.message)
        return PlannedRegistryPolicy(before, before, plan=Plan(errors=(failed,)))


def _compare(
    desired: DesiredRegistryPolicy,
    text: str | None,
    scope: RegistryScope,
    before: RegistryAccess,
    inputs: PlanInputs,
) -> PlannedRegistryPolicy:
    target, names, prefix = registry_target(scope), inputs.display_names, scope.arn_prefix
    wanted = registry_grant_facts(desired.grants, prefix)
    own = read_registry_policy(
        compile_registry_policy(wanted, desired.statements, names.tiers), partition=prefix.partition
    )
    if isinstance(own, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(own))
    _require_enforced(own, before)
    kept = _kept(before, own, inputs.registry_ownership, prefix)
    raw = (*desired.statements, *(one.statement.raw for one in kept))
    after_text = compile_registry_policy(wanted, raw, names.tiers)
    # Kept statements mean what they mean in the live document, whatever its version.
    document = RegistryDocument((*own.statements, *kept))
    after = RegistryAccess(document, enforced(document, before.scope), before.scope)
    asked = RegistryAccess(own, enforced(own, before.scope), before.scope)
    old, new = _facts(before, scope), registry_facts_of(document.statements, prefix)
    expired = chain.from_iterable(grants for _, grants in desired.expired)
    findings = expired_findings(target, expired, _together(old))
    plan, access = Plan(findings=tuple(findings)), registry_difference(old, new)
    if not access and not isinstance(before.written, Unreadable):
        return PlannedRegistryPolicy(before, after, plan=plan, own=asked)
    _require_same_meaning(kept, before)
    statements = tuple(one.statement for one in kept)
    check_length(after_text, len(kept))
    change = replace(
        change_registry_policy(
            target, WrittenPolicy(text, old), WrittenPolicy(after_text, new), names
        ),
        lasting=registry_difference(lasting_facts(before, desired, scope), new),
        kept=tuple(sorted(statement.sid or "" for statement in statements)),
        ownership=inputs.registry_ownership,
    )
    return PlannedRegistryPolicy(before, after, change, plan, asked)


class WrittenPolicy(NamedTuple):
    """The text of a registry's policy, None for no policy, and what it means."""

    text: str | None
    facts: RegistryFacts


def change_registry_policy(
    target: Target, before: WrittenPolicy, after: WrittenPolicy, names: DisplayNames
) -> Change:
    """Return the change from one policy of a registry to another, without counts."""
    access = registry_difference(before.facts, after.facts)
    return Change(
        target=target,
        change="delete" if after.text is None else "set",
        access=access,
        before_text=before.text,
        after_text=after.text,
        risks=tuple(_risks(before.facts, after.facts, target, names)),
        live_risks=tuple(_risks(after.facts, before.facts, target, names)),
        lasting=access,
    )


def _require_enforced(own: RegistryDocument, before: RegistryAccess) -> None:
    """Raise NotPlannableError where the account's policy scope leaves out what the file asks for.

    The setting is never changed: it is the account's, and it cannot be set back.
    """
    if before.scope == "V2" or not any(map(depends_on_scope, own.statements)):
        return
    if before.scope == "V1":
        message = (
            "the account's setting REGISTRY_POLICY_SCOPE is V1, under which the registry's policy "
            f"is enforced for {ENFORCED_BY_V1} only; set it to V2, or remove via: registry-policy "
            "from entries with other tiers"
        )
    else:
        message = (
            "the account's setting REGISTRY_POLICY_SCOPE could not be read, so it is unknown "
            f"whether the registry's policy is enforced for more than {ENFORCED_BY_V1}"
        )
    raise NotPlannableError(RuleId.REGISTRY_POLICY_SCOPE, message)


def _require_same_meaning(kept: Iterable[RegistryStatement], before: RegistryAccess) -> None:
    """Raise NotPlannableError where a kept statement would mean something else when written."""
    for one in kept:
        if isinstance(before.written, RegistryDocument) and registry_changes_meaning(
            before.written, one
        ):
            raise unwritable(one.statement)


def _kept(
    before: RegistryAccess, own: RegistryDocument, ownership: Ownership, prefix: ArnPrefix
) -> tuple[RegistryStatement, ...]:
    """Return the live statements of others, each once, without those that the file has itself."""
    if isinstance(before.written, Unreadable):
        if ownership.default == "remove":
            return ()
        raise NotPlannableError(
            RuleId.UNREADABLE_POLICY,
            f"the registry's policy is not understood ({before.written}), so it is unknown which "
            "statements to keep; repair it by hand, or write unmanaged: {registry_statements: "
            "remove}",
        )
    found = {
        registry_statement_key(one, prefix): one
        for one in kept_registry_statements(before.written.statements, ownership)
    }
    taken = {registry_statement_key(one, prefix) for one in own.statements}
    return tuple(one for key, one in found.items() if key not in taken)


def _facts(access: RegistryAccess, scope: RegistryScope) -> RegistryFacts:
    if isinstance(access.written, Unreadable):
        return {}
    return registry_facts_of(access.written.statements, scope.arn_prefix)


def lasting_facts(
    access: RegistryAccess, desired: DesiredRegistryPolicy, scope: RegistryScope
) -> RegistryFacts:
    """Return what a policy means without the file's expired grants."""
    expired = registry_grant_facts(desired.expired, scope.arn_prefix)
    facts = _facts(access, scope)
    left = {part: subtract_facts(own, expired.get(part, {})) for part, own in facts.items()}
    return {part: own for part, own in left.items() if own}


def _together(facts: RegistryFacts) -> Facts:
    together: Facts = {}
    for own in facts.values():
        together = add_facts(together, own)
    return together


def _risks(
    before: RegistryFacts, after: RegistryFacts, target: Target, names: DisplayNames
) -> Iterator[Risk]:
    """Yield the risks of what a change allows, for each pattern of repositories.

    On these it is judged with all that the policy says of repositories that include them.
    """
    held = HeldFacts(before), HeldFacts(after)
    known: dict[tuple[int, int], tuple[Risk, ...]] = {}
    for part in sorted(before.keys() | after.keys()):
        old, new = (side.on(part) for side in held)
        key = id(old), id(new)
        if key not in known:
            known[key] = find_risks(old, new, difference(old, new), target, names)
        for risk in known[key]:
            yield risk._replace(on=str(part))


def withheld(
    planned: PlannedRegistryPolicy, live: LiveRegistry, needing: Sequence[str]
) -> PlannedRegistryPolicy:
    """Return an error instead of a change: some repositories would lose what they are to keep."""
    more = f" and {len(needing) - 1:,} more" if len(needing) > 1 else ""
    message = (
        f"{needing[0]}{more}: the registry's policy gives access that the repository's own policy "
        "is to give instead, and no change of that can be planned; see the error on it"
    )
    error = PlanError(registry_target(live.scope), RuleId.NOT_CARRIED, message)
    plan = merge_plans([planned.plan, Plan(errors=(error,))])
    return PlannedRegistryPolicy(planned.before, planned.before, plan=plan)
