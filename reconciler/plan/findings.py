"""What is worth saying of one repository besides its changes."""

from collections import defaultdict
from collections.abc import Iterable

from reconciler.model.display_names import DisplayNames
from reconciler.model.grants import Desired, Grant
from reconciler.model.registry import Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import Finding, finding
from reconciler.plan.risks import may_rewrite
from reconciler.policy.language.condition_keys import closest_key
from reconciler.policy.language.condition_values import write_short_time
from reconciler.policy.language.conditions import display_holder
from reconciler.policy.language.document import Policy, Statement, Unreadable
from reconciler.policy.language.principals import gone_kind, parse_arn
from reconciler.policy.meaning.denied import Loss, compute_loss, denial_of
from reconciler.policy.meaning.difference import AccessChange
from reconciler.policy.meaning.facts import Actions, Facts, Holder, denied_to
from reconciler.policy.meaning.public import PUBLIC_REASONS, public_access
from reconciler.policy.meaning.tiers import describe_actions
from reconciler.policy.meaning.unsatisfiable import unknown_keys
from reconciler.printable import printable

_LONGEST = 60


def expired_findings(target: Target, expired: Iterable[Grant], live: Facts) -> list[Finding]:
    """Name the grants whose `until` has passed and that the live policy still shows."""
    return [
        finding(
            target,
            RuleId.EXPIRED,
            f"{grant.name or grant.principal.names[0]}'s {grant.tier} ended on "
            f"{write_short_time(grant.until)}; it allows nothing any more",
        )
        for grant in expired
        if grant.until and live.get(Holder(grant.principal, "Allow", grant.condition))
    ]


def gone_findings(
    target: Target, live: Facts, access: tuple[AccessChange, ...], display_names: DisplayNames
) -> list[Finding]:
    """Name the principals that were deleted, and who of those newly granted may have been them."""
    findings = []
    for holder, actions in live.items():
        kind = gone_kind(holder.principal)
        if kind:
            recreated = ", ".join(_candidates(kind, access, display_names))
            hint = (
                f"; if {recreated} was made again under its old name, it lacks the grant that the "
                "file gives it"
                if recreated
                else ""
            )
            findings.append(
                finding(
                    target,
                    RuleId.DEAD_PRINCIPAL,
                    f"the {kind} {holder.principal.names[0]} was deleted; its "
                    f"{_told(holder, actions, display_names)} has no effect{hint}",
                )
            )
    return findings


def staying_findings(
    target: Target, staying: Facts, after: Facts, display_names: DisplayNames
) -> list[Finding]:
    """Warn of live statements that an apply would not change.

    These count together with all that will be live (`after`). `public`: strangers; `can-rewrite`:
    whoever may set or delete the policy, as in the risk of this name.
    """
    public = [
        finding(
            target,
            RuleId.PUBLIC,
            f"a statement that stays allows {_told(holder, actions, display_names)} to "
            f"strangers: {PUBLIC_REASONS[why]}",
        )
        for holder, (actions, why) in public_access(after).items()
        if holder in staying
    ]
    names = {
        display_names.label(holder.principal, holder.condition)
        for holder, actions in staying.items()
        if may_rewrite(holder, actions, target, denied_to(holder.principal, after))
    }
    told = "a statement that stays lets {} rewrite the policy, and so give itself any access"
    return public + [finding(target, RuleId.CAN_REWRITE, told.format(name)) for name in names]


def denied_findings(target: Target, wanted: Desired, kept: Iterable[Statement]) -> list[Finding]:
    """Name the grants of the file that a kept Deny takes away for certain, wholly or in part."""
    found = []
    known = target.known_of_requests
    for statement in kept:
        denial = denial_of(statement)
        if denial is None:
            continue
        losing: defaultdict[tuple[str, Loss], list[str]] = defaultdict(list)
        for grant in wanted.grants:
            holder = Holder(grant.principal, "Allow", grant.condition)
            loss = compute_loss(holder, grant.actions, denial, known)
            if loss:
                name = grant.name or display_holder(grant.principal, grant.condition)
                losing[grant.tier, loss].append(name)
        deny = f"the kept Deny {statement.sid!r}" if statement.sid else "a kept Deny"
        for (tier, loss), names in losing.items():
            told = loss.describe(tier, sorted(names), deny)
            found.append(finding(target, RuleId.GRANT_DENIED, f"{told}; {loss.remedy}"))
    return found


def policy_findings(target: Target, before: Policy) -> list[Finding]:
    """Say that a live policy was not understood, and where; or which keys AWS does not document."""
    if not isinstance(before, Unreadable):
        keys = frozenset[str]().union(*map(unknown_keys, before.statements))
        return [_unknown_key(target, key) for key in sorted(keys)]
    return [
        finding(
            target,
            RuleId.UNREADABLE_POLICY,
            f"the live policy is not understood ({before}); whom its replacement cuts off "
            "can't be told",
        )
    ]


def _unknown_key(target: Target, key: str) -> Finding:
    meant = closest_key(key)
    named = key if len(key) <= _LONGEST else f"{key[:_LONGEST]}…"
    message = (
        f"the live policy uses {printable(named)}, which is not a known condition key, so most "
        f"likely no request has it{f'; was {meant} meant?' if meant else ''}"
    )
    return finding(target, RuleId.UNKNOWN_CONDITION_KEY, message)


def _candidates(
    kind: str, access: tuple[AccessChange, ...], display_names: DisplayNames
) -> Iterable[str]:
    for change in access:
        arn = parse_arn(change.principal.names[0]) if change.principal.names else None
        if change.effect == "Allow" and not change.before and arn and arn.resource_type == kind:
            yield display_names.label(change.principal, change.after[0].condition)


def _told(holder: Holder, actions: Actions, display_names: DisplayNames) -> str:
    return describe_actions(actions, display_names.tiers_of(holder.principal))
