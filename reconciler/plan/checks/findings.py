"""The findings on one repository."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.model.access import Desired, DisplayNames, Grant
from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.checks.risks import may_rewrite
from reconciler.plan.model import Finding, finding
from reconciler.policy import (
    PUBLIC_REASONS,
    AccessChange,
    Actions,
    Facts,
    Holder,
    Loss,
    Policy,
    Statement,
    Unreadable,
    closest_key,
    compute_loss,
    deleted_kind,
    denial_of,
    denied_to,
    describe_actions,
    display_holder,
    parse_arn,
    public_access,
    unknown_keys,
    write_short_time,
)

_LONGEST = 60


def expired_findings(target: Target, expired: Iterable[Grant], live: Facts) -> Iterator[Finding]:
    """Report the grants whose `until` has passed and that the live policy still has."""
    for grant in expired:
        if grant.until and live.get(Holder(grant.principal, "Allow", grant.condition)):
            message = (
                f"the {grant.tier} grant of {grant.name or grant.principal.names[0]} expired on "
                f"{write_short_time(grant.until)}; it has no effect"
            )
            yield finding(target, RuleId.EXPIRED, message)


def deleted_findings(
    target: Target, live: Facts, access: tuple[AccessChange, ...], names: DisplayNames
) -> Iterator[Finding]:
    """Report deleted principals, and the newly granted ones that may be the same, recreated."""
    for holder, actions in live.items():
        kind = deleted_kind(holder.principal)
        if kind:
            has = "grant" if holder.effect == "Allow" else "Deny"
            message = (
                f"the {kind} {holder.principal.names[0]} was deleted; its "
                f"{_described(holder, actions, names)} {has} has no effect"
            )
            recreated = ", ".join(_candidates(kind, access, names))
            if recreated:
                message += (
                    f"; if {recreated} was recreated under the same name, it does not have the "
                    "file's grant yet"
                )
            yield finding(target, RuleId.DEAD_PRINCIPAL, message)


def unchanged_findings(
    target: Target, unchanged: Facts, after: Facts, names: DisplayNames
) -> Iterator[Finding]:
    """Warn of live statements that an apply does not change, judged with all that will be live."""
    if not unchanged:
        return
    for rule, does in warnings_of(target, unchanged, after, names):
        yield finding(target, rule, f"an unchanged statement {does}")


def warnings_of(
    target: Target, unchanged: Facts, after: Facts, names: DisplayNames
) -> Iterator[tuple[RuleId, str]]:
    """Yield what some facts do, judged with all facts, as a rule and a verb phrase.

    `public`: callers that nothing bounds; `can-rewrite`: a principal that may set or delete the
    policy, as in the risk of this name.
    """
    for holder, (actions, why) in public_access(after).items():
        if holder in unchanged:
            described = _described(holder, actions, names)
            yield RuleId.PUBLIC, f"allows {described} to the public: {PUBLIC_REASONS[why]}"
    rewriting = {
        names.label(holder.principal, holder.condition)
        for holder, actions in unchanged.items()
        # Few may, so what is denied to them is looked up last.
        if may_rewrite(holder, actions, target)
        and may_rewrite(holder, actions, target, denied_to(holder.principal, after))
    }
    for name in rewriting:
        does = f"allows {name} to rewrite the policy and so give itself any access"
        yield RuleId.CAN_REWRITE, does


def denied_findings(
    target: Target, desired: Desired, kept: Iterable[Statement]
) -> Iterator[Finding]:
    """Report the file's grants that a kept Deny takes away for certain, wholly or in part."""
    for statement in kept:
        deny = f"the kept Deny {statement.sid!r}" if statement.sid else "a kept Deny"
        for message in losses_by(statement, deny, target, desired):
            yield finding(target, RuleId.GRANT_DENIED, message)


def losses_by(statement: Statement, deny: str, target: Target, desired: Desired) -> Iterator[str]:
    """Yield a message on the file's grants of each tier that a Deny takes away for certain.

    `deny` is what the messages call it.
    """
    denial = denial_of(statement)
    if denial is None:
        return
    losing: defaultdict[tuple[str, Loss], list[str]] = defaultdict(list)
    for grant in desired.grants:
        holder = Holder(grant.principal, "Allow", grant.condition)
        loss = compute_loss(holder, grant.actions, denial, target.known_of_requests)
        if loss:
            name = grant.name or display_holder(grant.principal, grant.condition)
            losing[grant.tier, loss].append(name)
    for (tier, loss), losers in losing.items():
        yield f"{loss.describe(tier, sorted(losers), deny)}; {loss.remedy}"


def policy_findings(target: Target, before: Policy) -> Iterator[Finding]:
    """Report a live policy that is not understood, or its condition keys that are unknown."""
    if isinstance(before, Unreadable):
        message = (
            f"the live policy is not understood ({before}); it is unknown who loses access when "
            "it is replaced"
        )
        yield finding(target, RuleId.UNREADABLE_POLICY, message)
        return
    for key in sorted({key for statement in before.statements for key in unknown_keys(statement)}):
        meant = closest_key(key)
        shown = key if len(key) <= _LONGEST else f"{key[:_LONGEST]}…"
        message = (
            f"the live policy uses {shown}, which is not a known condition key, so most "
            f"likely no request has it{f'; did you mean {meant}?' if meant else ''}"
        )
        yield finding(target, RuleId.UNKNOWN_CONDITION_KEY, message)


def _candidates(kind: str, access: tuple[AccessChange, ...], names: DisplayNames) -> Iterator[str]:
    for change in access:
        arn = parse_arn(change.principal.names[0]) if change.principal.names else None
        if change.effect == "Allow" and not change.before and arn and arn.resource_type == kind:
            yield names.label(change.principal, change.after[0].condition)


def _described(holder: Holder, actions: Actions, names: DisplayNames) -> str:
    return describe_actions(actions, names.tiers_of(holder.principal))
