"""Principals, conditions and holdings in a few words."""

from reconciler.policy.conditions import CURRENT_TIME, Clause, Condition, spell_key
from reconciler.policy.difference import Holding, Holdings
from reconciler.policy.facts import Actions
from reconciler.policy.principals import EVERYONE, MISSING, Principal, gone_kind, parse_arn
from reconciler.policy.tiers import describe_actions
from reconciler.policy.vocabulary import NamedPrincipal, Vocabulary


def principal_label(principal: Principal, named: NamedPrincipal | None) -> str:
    """Name a principal: the file's name with what it stands for, or what AWS calls it."""
    if gone_kind(principal):
        return f"{principal.names[0]}  (principal is gone)"
    shown = _own_name(principal)
    return f"{named.name} ({shown})" if named and named.name != shown else shown


def holdings_words(holdings: Holdings, own: Condition, vocabulary: Vocabulary) -> str:
    """Tell what is held: `pull`, `pull + ecr:PutImage`, `pull and push until 2027-03-31`.

    `own` are the clauses that say who the principal is, and so go without saying.
    """
    free = next((h.actions for h in holdings if not h.condition), frozenset())
    told = (_holding_words(h, own, free, vocabulary) for h in holdings)
    return " and ".join(told) or "nothing"


def condition_words(condition: Condition) -> str:
    """Tell a condition: ` until 2027-03-31`, ` if IpAddress aws:SourceIp 203.0.113.0/24`."""
    until = [clause for clause in condition if _is_until(clause)]
    others = [clause for clause in condition if not _is_until(clause)]
    ends = "".join(f" until {c.values[0].removesuffix('T00:00:00Z')}" for c in until)
    terms = " and ".join(
        f"{operator} {spell_key(key)} {' or '.join(values)}" for operator, key, values in others
    )
    return ends + (f" if {terms}" if terms else "")


def _holding_words(holding: Holding, own: Condition, free: Actions, vocabulary: Vocabulary) -> str:
    rest = tuple(clause for clause in holding.condition if clause not in own)
    what = describe_actions(holding.actions, vocabulary.tiers, free if holding.condition else ())
    return what + condition_words(rest)


def _own_name(principal: Principal) -> str:
    if principal == MISSING:
        return "(no principal)"
    if principal == EVERYONE:
        return "everyone"
    if principal.kind == "NotPrincipal":
        return f"everyone but {', '.join(name.split(':', 1)[1] for name in principal.names)}"
    arn = parse_arn(principal.names[0]) if principal.kind == "AWS" else None
    return arn.account if arn and arn.resource_type == "root" else principal.names[0]


def _is_until(clause: Clause) -> bool:
    return clause.operator == "DateLessThan" and clause.key == CURRENT_TIME
