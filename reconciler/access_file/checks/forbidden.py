"""Reports access that a file must not give: public access, and what a `never` rule forbids."""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime

from reconciler.access_file.desired import (
    EntriesByName,
    PlacedFact,
    combine_facts,
    current_facts,
    distinct_entries,
    facts_of_entry,
)
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.model import AccessFile, Entry, PlacedRule
from reconciler.model.rules import RuleId
from reconciler.policy import (
    IMAGE_IMPORTS,
    PUBLIC_REASONS,
    PUT_IMAGE,
    Facts,
    GlobIndex,
    Holder,
    NamedPrincipal,
    NeverRule,
    Outside,
    PublicAccess,
    PublicReason,
    Violation,
    account_of,
    can_rewrite,
    display_holder,
    find_violations,
    has_wildcard,
    includes_action,
    is_everyone,
    is_open_ended,
    may_overlap,
    public_access,
    violates_tier,
)
from reconciler.printable import quoted

_HINTS: Mapping[PublicReason, str] = {
    "unbounded": "restrict it to an organization, an account or a network",
    "networks": "allow at most two /8 of IPv4 and two /32 of IPv6, over all public statements",
    "services": "restrict services by aws:SourceOrgID or aws:SourceAccount",
}

_RuleAndViolation = tuple[PlacedRule, Violation]
_MATCHES = WorkLimit(500_000, "comparisons of never rules' patterns with repositories")
_EVALUATIONS = WorkLimit(500_000, "evaluations of grants by never rules")
_VIOLATIONS = WorkLimit(20_000, "lines that violate never rules")
_HINT = "remove the access, or change the rule"
_IMPORT_HINT = "add a rule with never: replicate, which forbids cache, too, or remove the access"


def check_public(
    access: AccessFile, combined: EntriesByName, allowed: frozenset[str], problems: ProblemList
) -> None:
    """Report each fact that gives public access, alone or with others of the same repository.

    Each repository of the file is checked with the patterns that match it, and each pattern alone,
    as in `combined`; not those that the guards allow, a pattern only as a whole. Facts of the
    entries in `allowed` are not reported.
    """
    public = GlobIndex(access.guards.public)
    every = [entry for entry in distinct_entries(combined) if _has_everyone(entry)]
    if not every:
        return
    repositories = {entry.place: entry.repository for entry in every}
    facts = {
        entry.place: tuple(
            fact for fact in facts_of_entry(entry) if is_everyone(fact.holder.principal)
        )
        for entry in every
    }
    combinations = dict.fromkeys(
        tuple(entry.place for entry in entries if entry.place in facts)
        for name, entries in combined
        if not public.matching(name)
    )
    reported: set[Place] = set()
    for places in combinations:
        opened = public_access(combine_facts(fact for place in places for fact in facts[place]))
        for place in places:
            for fact in facts[place] if repositories[place] not in allowed else ():
                opening = opened.get(fact.holder)
                if opening and may_overlap(fact.actions, opening.actions):
                    if fact.key_place not in reported:
                        _report(repositories[place], fact, opening, problems)
                    reported.add(fact.key_place)


def _has_everyone(entry: Entry) -> bool:
    return any(is_everyone(one.grant.principal) for one in entry.grants) or any(
        is_everyone(principal) for one in entry.statements for principal in one.statement.principals
    )


def _report(repository: str, fact: PlacedFact, access: PublicAccess, problems: ProblemList) -> None:
    message = "this statement gives public access"
    if fact.grant:
        part = "" if fact.actions <= access.actions else "a part of "
        message = f"{quote(fact.key)} gives public access to {part}{quote(fact.grant.tier)}"
    item = f'"{repository}"' if has_wildcard(repository) else repository
    problems.error(
        RuleId.PUBLIC,
        f"{message}: {PUBLIC_REASONS[access.reason]}",
        fact.key_place,
        f"{_HINTS[access.reason]}, or write guards: {{public: {{allow: [{item}]}}}}",
        repository=repository,
    )


def check_never(
    access: AccessFile, combined: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Report each line that gives a principal what a rule forbids.

    Each repository of the file is checked with the patterns that match it, and each pattern alone,
    as in `combined`. The same facts on many repositories are evaluated once. Raises TooLargeError.
    """
    rules = access.never_rules
    if not rules:
        return
    facts = {entry.place: current_facts(entry, now) for entry in distinct_entries(combined)}
    exact = access.exact.keys()
    patterns = sum(len(placed.rule.repositories) for placed in rules)
    index = GlobIndex(pattern for placed in rules for pattern in placed.rule.repositories)
    evaluated: dict[object, tuple[_RuleAndViolation, ...]] = {}
    for repository, entries in combined:
        place = entries[0].place
        if has_wildcard(repository):
            problems.count(_MATCHES, patterns, place)
            applying = [placed for placed in rules if _concerns(placed.rule, repository, exact)]
        else:
            problems.count(_MATCHES, index.count(repository), place)
            matching = index.matching(repository)
            patterns_of = ((placed, placed.rule.repositories) for placed in rules)
            applying = [p for p, on in patterns_of if not on or not matching.isdisjoint(on)]
        if applying:
            together = [fact for entry in entries for fact in facts[entry.place]]
            _check(applying, together, evaluated, place, problems)


def _concerns(rule: NeverRule, pattern: str, exact: Container[str]) -> bool:
    """Whether a rule is about a repository that a pattern alone stands for.

    Repositories with an entry of their own are checked separately.
    """
    if not rule.repositories:
        return True
    left = tuple(one for one in rule.repositories if one not in exact)
    return bool(left) and rule._replace(repositories=left).may_concern(pattern)


def _check(
    rules: Sequence[PlacedRule],
    placed_facts: Sequence[PlacedFact],
    evaluated: dict[object, tuple[_RuleAndViolation, ...]],
    place: Place,
    problems: ProblemList,
) -> None:
    facts = combine_facts(placed_facts)
    by_holder: defaultdict[Holder, list[PlacedFact]] = defaultdict(list)
    for fact in placed_facts:
        by_holder[fact.holder].append(fact)
    key = (frozenset(placed.place for placed in rules), frozenset(facts.items()))
    if key not in evaluated:
        problems.count(_EVALUATIONS, _evaluations(rules, facts), place)
        evaluated[key] = tuple(
            (placed, violation)
            for placed in rules
            for violation in find_violations(placed.rule, facts)
        )
    broken: set[Place] = set()
    for placed, violation in evaluated[key]:
        giving = [fact for holder in violation.holders for fact in by_holder[holder]]
        problems.count(_VIOLATIONS, len(giving), place)
        for fact in _decisive(placed.rule, violation, giving):
            message = _message(placed.rule, violation, fact)
            problems.error(RuleId.NEVER, message, fact.place, _HINT, other=placed.place)
            broken.add(fact.place)
    importing = [
        fact
        for fact in placed_facts
        if fact.holder.effect == "Allow"
        and fact.place not in broken
        and may_overlap(IMAGE_IMPORTS, fact.actions)
    ]
    if importing:
        problems.count(_EVALUATIONS, _evaluations(rules, facts), place)
        _warn_of_imports(rules, facts, importing, problems)


def _warn_of_imports(
    rules: Iterable[PlacedRule],
    facts: Facts,
    importing: Collection[PlacedFact],
    problems: ProblemList,
) -> None:
    """Warn of lines that let images in which a rule keeps out only where they are pushed."""
    for placed in rules:
        forbidden = placed.rule.actions
        left = frozenset(one for one in IMAGE_IMPORTS if not includes_action(forbidden, one))
        if not left or not includes_action(forbidden, PUT_IMAGE):
            continue
        for violation in find_violations(placed.rule._replace(actions=left), facts):
            for fact in importing:
                gives = violates_tier(left, fact.actions, violation.denied)
                if fact.holder in violation.holders and gives:
                    message = _import_message(placed.rule, violation, fact)
                    where = (fact.place, _IMPORT_HINT)
                    problems.warning(RuleId.NEVER_INCOMPLETE, message, *where, other=placed.place)


def _import_message(rule: NeverRule, violation: Violation, fact: PlacedFact) -> str:
    name = quote(_name(violation.subject, fact))
    actions = sorted(one for one in IMAGE_IMPORTS if includes_action(fact.actions, one))
    gets = fact.grant.tier if fact.grant else " and ".join(actions)
    return (
        f"{name} gets {gets} here, which puts images into the repository, too;"
        f" never: {rule.tier} does not forbid it"
    )


def _message(rule: NeverRule, violation: Violation, fact: PlacedFact) -> str:
    alone = violates_tier(rule.actions, fact.actions, violation.denied)
    rewrites = not alone and can_rewrite(fact.actions, violation.denied)
    gets = "can rewrite the policy and so give itself" if rewrites else "gets"
    name = quote(_name(violation.subject, fact))
    return f"{name} {gets} {rule.tier} here, which it must never have: {quoted(rule.because)}"


def _evaluations(rules: Sequence[PlacedRule], facts: Collection[Holder]) -> int:
    """Return how many pairs of a principal and a fact are compared, at most.

    A principal of an account is compared with the facts of that account, and those for anyone.
    """
    by_account = Counter(account_of(holder.principal) for holder in facts)
    by_account[None] = len(facts)  # for a principal without an account, and for Outside
    pairs = sum(
        1 + by_account[None if isinstance(one, Outside) else account_of(one.principal)]
        for placed in rules
        for one in placed.rule.to
    )
    anyone = sum(is_open_ended(holder.principal) for holder in facts)
    return len(facts) * len(rules) + pairs * (1 + anyone)


def _name(principal: NamedPrincipal, fact: PlacedFact) -> str:
    own = fact.name if fact.holder.principal == principal.principal else None
    return principal.name or own or display_holder(principal.principal, principal.condition)


def _decisive(
    rule: NeverRule, violation: Violation, giving: Iterable[PlacedFact]
) -> list[PlacedFact]:
    """Return the facts that violate the rule alone; if there are none, all that contribute."""
    alone = [
        fact
        for fact in giving
        if violates_tier(rule.actions, fact.actions, violation.denied)
        or can_rewrite(fact.actions, violation.denied)
    ]
    return alone or [fact for fact in giving if may_overlap(rule.actions, fact.actions)]
