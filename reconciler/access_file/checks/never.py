"""`guards.rules`: access that the file forbids, and the lines that give it all the same."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.lines import Line, facts_of_lines, lasting_lines
from reconciler.access_file.desired import EntriesByName, managed_names
from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    child,
    items_of,
    text_of,
    texts_of,
)
from reconciler.access_file.document.problems import Bound, Place, ProblemList, shown
from reconciler.access_file.model import AccessFile, PlacedRule
from reconciler.access_file.sections.accounts import find_account
from reconciler.access_file.sections.names import Names, resolve
from reconciler.access_file.sections.repository import check_repository
from reconciler.access_file.sections.tiers import check_tier
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import display_holder
from reconciler.policy.language.glob import GlobIndex, has_wildcard
from reconciler.policy.language.principals import EVERYONE, account_of, is_open_ended
from reconciler.policy.meaning.facts import Holder, NamedPrincipal
from reconciler.policy.meaning.never import NeverRule, NeverViolation, Outside, find_violations
from reconciler.policy.meaning.tiers import Tiers, can_rewrite, may_overlap, violates_tier
from reconciler.printable import quoted

_MATCHES = Bound(500_000, "comparisons of never rules' patterns with repositories")
_JUDGEMENTS = Bound(500_000, "judgements of grants by never rules")
_BREACHES = Bound(20_000, "lines that break never rules")
_PUBLIC = "public"
_HINT = "take it away here, or change the rule"


class _Broken(NamedTuple):
    """A rule, and who breaks it how."""

    placed: PlacedRule
    breach: NeverViolation


def read_rules(node: Node | None, names: Names, tiers: Tiers) -> tuple[PlacedRule, ...]:
    """Read `guards.rules`; one that is broken, which is reported, is left out."""
    read = (_read_rule(item, names, tiers) for item in items_of(node))
    return tuple(rule for rule in read if rule)


def names_in_rules(node: Node | None) -> frozenset[str]:
    """Give the names of principals that the rules use."""
    return frozenset(to.text for rule in items_of(node) for to in texts_of(child(rule, "to")))


def tiers_in_rules(node: Node | None) -> frozenset[str]:
    """Give the names of tiers that the rules use."""
    return frozenset(
        tier.text for rule in items_of(node) for tier in texts_of(child(rule, "never"))
    )


def watched_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Give the live repositories that are managed, or that a rule is about, sorted."""
    live = tuple(names)
    watched = {
        name
        for name in live
        if name != access.registry.probe_repository
        and any(placed.rule.may_concern(name) for placed in access.never_rules)
    }
    return tuple(sorted(watched.union(managed_names(access, live))))


def check_never(
    access: AccessFile,
    found: EntriesByName,
    now: datetime,
    problems: ProblemList,
) -> None:
    """Report each access that gives somebody what a rule says they must never have.

    Each repository of the file counts with the patterns that match it, and each pattern alone,
    as `found` says. What is given alike on many repositories is judged once. Raises TooLargeError.
    """
    rules = access.never_rules
    entries = access.entries if rules else ()
    given = {entry.repository: lasting_lines(entry, now) for entry in entries}
    exact = frozenset(name for name in given if not has_wildcard(name))
    places = {entry.repository: entry.place for entry in entries}
    patterns = sum(len(placed.rule.repositories) for placed in rules)
    index = GlobIndex(pattern for placed in rules for pattern in placed.rule.repositories)
    judged: dict[object, tuple[_Broken, ...]] = {}
    for repository, applying in found if rules else ():
        if has_wildcard(repository):
            problems.ask(_MATCHES, patterns, places[repository])
            concerned = [placed for placed in rules if _concerns(placed.rule, repository, exact)]
        else:
            problems.ask(_MATCHES, index.count(repository), places[repository])
            matching = index.matching(repository)
            concerned = [p for p in rules if _names_any(p.rule.repositories, matching)]
        if concerned:
            lines = [line for entry in applying for line in given[entry.repository]]
            _check(concerned, lines, judged, places[repository], problems)


def _read_rule(node: Node, names: Names, tiers: Tiers) -> PlacedRule | None:
    problems = names.around.problems
    patterns = texts_of(child(node, "on"))
    for pattern in patterns:
        check_repository(pattern, problems)
    to = tuple(_read_to(child(node, "to"), names))
    because = " ".join((text_of(child(node, "because")) or "").split())
    for tier in texts_of(child(node, "never")):
        if check_tier(tier, tiers, problems) and to and because:
            on = tuple(pattern.text for pattern in patterns)
            rule = NeverRule(tier.text, tiers[tier.text], to, because, on)
            return PlacedRule(rule, tier.place)
    return None


def _read_to(node: Node | None, names: Names) -> Iterator[NamedPrincipal | Outside]:
    if isinstance(node, MappingNode):
        accounts, problems = names.around.accounts, names.around.problems
        outside = texts_of(child(node, "outside"))
        found = [find_account(account, accounts, problems) for account in outside]
        if found and all(found):
            yield Outside(frozenset(account for account in found if account))
    for reference in texts_of(node):
        if reference.text == _PUBLIC:
            _check_clash(reference, names)
            yield NamedPrincipal(EVERYONE)
        else:
            for member in resolve(reference, names):
                yield NamedPrincipal(member.principal, member.condition, member.name)


def _check_clash(public: ScalarNode, names: Names) -> None:
    if _PUBLIC in names.may_be_meant:
        message = "'public' is everyone here, and the file has this name for somebody, too"
        names.around.problems.error(
            RuleId.NAME_CLASH, message, public.place, hint="rename the other"
        )


def _names_any(own: tuple[str, ...], matching: frozenset[str]) -> bool:
    """Tell whether a rule about these patterns is about a repository that some match."""
    return not own or not matching.isdisjoint(own)


def _concerns(rule: NeverRule, pattern: str, exact: frozenset[str]) -> bool:
    """Tell whether a rule is about any repository that a pattern alone stands for.

    Those that have an entry of their own are looked at by themselves.
    """
    if not rule.repositories:
        return True
    left = tuple(own for own in rule.repositories if own not in exact)
    return bool(left) and rule._replace(repositories=left).may_concern(pattern)


def _check(
    rules: Sequence[PlacedRule],
    lines: Sequence[Line],
    judged: dict[object, tuple[_Broken, ...]],
    place: Place,
    problems: ProblemList,
) -> None:
    facts = facts_of_lines(lines)
    by_holder: defaultdict[Holder, list[Line]] = defaultdict(list)
    for line in lines:
        by_holder[line.holder].append(line)
    key = (frozenset(placed.place for placed in rules), frozenset(facts.items()))
    if key not in judged:
        problems.ask(_JUDGEMENTS, _judgements(rules, facts), place)
        judged[key] = tuple(
            _Broken(placed, breach)
            for placed in rules
            for breach in find_violations(placed.rule, facts)
        )
    for (rule, other), breach in judged[key]:
        giving = [line for holder in breach.holders for line in by_holder[holder]]
        problems.ask(_BREACHES, len(giving), place)
        for line in _decisive(rule, breach, giving):
            name = shown(_name(breach.subject, line))
            because = quoted(rule.because)
            alone = violates_tier(rule.actions, line.actions, breach.denied)
            rewrites = not alone and can_rewrite(line.actions, breach.denied)
            by = "can rewrite the policy and so give itself" if rewrites else "gets"
            message = f"{name} {by} {rule.tier} here, which it must never have: {because}"
            problems.error(RuleId.NEVER, message, line.place, hint=_HINT, other=other)


def _judgements(rules: Sequence[PlacedRule], facts: Collection[Holder]) -> int:
    """Count, at the most, how often somebody is held against what somebody else is given.

    Somebody of one account is held against what is given in it, and what anyone is given.
    """
    inside = Counter(account_of(holder.principal) for holder in facts)
    inside[None] = len(facts)  # of somebody without an account, or of no account
    parties = sum(
        1 + inside[None if isinstance(one, Outside) else account_of(one.principal)]
        for placed in rules
        for one in placed.rule.to
    )
    anyone = sum(is_open_ended(holder.principal) for holder in facts)
    return len(facts) * len(rules) + parties * (1 + anyone)


def _name(who: NamedPrincipal, line: Line) -> str:
    own = line.name if line.holder.principal == who.principal else None
    return who.name or own or display_holder(who.principal, who.condition)


def _decisive(rule: NeverRule, breach: NeverViolation, giving: Iterable[Line]) -> list[Line]:
    """Give the lines that alone are too much; where none is, all that add to it."""
    alone = [
        line
        for line in giving
        if violates_tier(rule.actions, line.actions, breach.denied)
        or can_rewrite(line.actions, breach.denied)
    ]
    return alone or [line for line in giving if may_overlap(rule.actions, line.actions)]
