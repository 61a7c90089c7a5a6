"""Names for who gets access: principals, accounts and groups, and what a reference stands for."""

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    pairs_of,
    texts_of,
)
from reconciler.access_file.document.problems import Bound, ProblemList, shown, suggestion, unquoted
from reconciler.access_file.model import Member
from reconciler.access_file.sections.accounts import (
    Accounts,
    Surroundings,
    check_named,
    report_bad_id,
)
from reconciler.access_file.sections.near_misses import near_miss
from reconciler.access_file.sections.order import path_of, sort_by_use
from reconciler.access_file.sections.principals import read_arn, read_principal
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import ACCOUNT_ID, Principal, account_principal

Members = tuple[Member, ...]

_MOST_MEMBERS = 1000
_MEMBERS = Bound(300_000, "principals, each as often as a name stands for it")
_GROUP_HINT = (
    "no policy holds so many; an account, a role pattern or an organization stands for many"
)


class Names(NamedTuple):
    """What the file's names stand for.

    `known` are all names of principals, `groups` those of them that are lists of others;
    `may_be_meant` are all names, those of accounts too. `uses` tells what a group is made of, and
    `within` which one is read.
    """

    around: Surroundings
    principals: Mapping[str, Members]
    known: frozenset[str]
    groups: frozenset[str]
    may_be_meant: tuple[str, ...]
    uses: Mapping[str, Sequence[str]] = MappingProxyType({})
    within: str | None = None


def read_names(root: Node, around: Surroundings, broken: frozenset[str] = frozenset()) -> Names:
    """Read the `principals` of a file, groups after what they are made of.

    Those whose shape is `broken` stand for nobody.
    """
    problems = around.problems
    own = {pair.key.text: pair for pair in pairs_of(child(root, "principals"))}
    _check_clashes(own, child(root, "accounts"), problems)
    groups = frozenset(name for name, pair in own.items() if len(_references(pair)) > 1)
    uses = {name: [used.text for used in _references(pair)] for name, pair in own.items()}
    order, cycles = sort_by_use(uses)
    for cycle in cycles:
        message = f"the group {shown(cycle[0])} is part of itself: {path_of(cycle)}"
        problems.error(RuleId.GROUP_CYCLE, message, own[cycle[0]].key.place)
    known = frozenset(own)
    may_be_meant = (*own, *around.accounts.ids)
    done: dict[str, Members] = {}
    for name in order:
        names = Names(around, done, known, groups, may_be_meant, uses, name)
        members = tuple(islice(_members(own[name], names, own), _MOST_MEMBERS + 1))
        if len(members) > _MOST_MEMBERS:
            message = f"{shown(name)} stands for more than {_MOST_MEMBERS:,} principals"
            problems.error(RuleId.GROUP_TOO_LARGE, message, own[name].key.place, hint=_GROUP_HINT)
            members = ()
        done[name] = () if name in broken else tuple(dict.fromkeys(members))
    return Names(around, {name: done[name] for name in own}, known, groups, may_be_meant)


def resolve(reference: ScalarNode, names: Names, besides: Container[str] = ()) -> Members:
    """Work out whom a name, an ARN or an account id stands for; nobody, and a problem, if none.

    `besides` are names that can't be meant, for they are there already. Raises TooLargeError.
    """
    members = _resolve(reference, names, besides)
    names.around.problems.ask(_MEMBERS, len(members), reference.place)
    return members


def _resolve(reference: ScalarNode, names: Names, besides: Container[str]) -> Members:
    text = reference.text
    accounts, partition = names.around.accounts, names.around.partition
    if text in names.principals:
        return names.principals[text]
    if text in accounts.ids:
        account = accounts.ids[text]
        return (_account(account, text, partition),) if ACCOUNT_ID.fullmatch(account) else ()
    if ACCOUNT_ID.fullmatch(text):
        check_named(text, reference.place, accounts, names.around.problems)
        return (_account(text, accounts.names.get(text), partition),)
    if text.lower().startswith("arn:"):
        principal = read_arn(reference, names.around)
        return (
            (Member(principal, NO_CONDITION, _name_of(principal, accounts)),) if principal else ()
        )
    _report_unknown(reference, names, besides)
    return ()


def warn_of_unused(node: Node | None, used: frozenset[str], problems: ProblemList) -> None:
    """Warn of `principals` that neither an access nor a group uses."""
    pairs = tuple(pairs_of(node))
    in_groups = {member.text for pair in pairs for member in _references(pair)}
    for pair in pairs:
        name = pair.key.text
        if name not in used and name not in in_groups:
            message = f"nothing uses the principal {shown(name)}"
            problems.warning(RuleId.UNUSED_PRINCIPAL, message, pair.key.place)


def _members(pair: Pair, names: Names, own: Mapping[str, Pair]) -> Iterator[Member]:
    if isinstance(pair.value, MappingNode):
        yield from read_principal(pair.key.text, pair.value, names.around)
    for reference in _references(pair):
        # One of the file's own that is not done yet is part of a cycle, which is reported.
        if reference.text not in own or reference.text in names.principals:
            for member in resolve(reference, names):
                yield member if member.name else member._replace(name=pair.key.text)


def _references(pair: Pair) -> tuple[ScalarNode, ...]:
    return texts_of(pair.value)


def _account(account: str, name: str | None, partition: str) -> Member:
    return Member(account_principal(account, partition), NO_CONDITION, name)


def _name_of(principal: Principal, accounts: Accounts) -> str | None:
    """Give an account's name for its root ARN; a role or user that is not named has none."""
    arn = principal.names[0]
    return accounts.names.get(arn.split(":")[4]) if arn.endswith(":root") else None


def _check_clashes(own: Mapping[str, Pair], accounts: Node | None, problems: ProblemList) -> None:
    for pair in pairs_of(accounts):
        clash = own.get(pair.key.text)
        if clash:
            message = f"{shown(pair.key.text)} names an account and a principal"
            place, other = sorted([clash.key.place, pair.key.place], reverse=True)
            problems.error(
                RuleId.NAME_CLASH, message, place, hint="rename one of them", other=other
            )


def _leads_to(start: str, goal: str, uses: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a group is another one, or has it among its members' members."""
    seen, left = {start}, [start]
    while left:
        new = {used for used in uses.get(left.pop(), ()) if used in uses} - seen
        seen |= new
        left += new
    return goal in seen


def _report_unknown(reference: ScalarNode, names: Names, besides: Container[str]) -> None:
    text, problems = reference.text, names.around.problems
    if report_bad_id(text, reference.place, problems):
        return
    if missed := near_miss(text, names.around):
        problems.error(RuleId.UNKNOWN_NAME, missed.message, reference.place, hint=missed.hint)
        return
    others = [name for name in names.may_be_meant if name not in besides]
    meant = problems.closest(text, others)
    if meant and names.within and _leads_to(meant, names.within, names.uses):
        meant = None  # a group that is part of itself
    hint = suggestion(meant) if meant else None
    if has_wildcard(text):
        hint = "only the role of a principal may be a pattern: {role: PATTERN, account: ACCOUNT}"
    if text == "*":
        hint = "for everyone, name a principal {public: true}; the guards refuse it by default"
    if "," in text:
        hint = f"for several, write a list: [{unquoted(text)}]"
    message = f"{shown(text)} is not a name, an ARN or an account id"
    hint = hint or "name it under principals or accounts"
    problems.error(RuleId.UNKNOWN_NAME, message, reference.place, hint=hint)
