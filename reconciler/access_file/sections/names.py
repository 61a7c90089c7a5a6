"""Names of principals, accounts and groups: what a reference stands for, and what is not used."""

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice

from reconciler.access_file.document.problems import (
    ProblemList,
    Suggestion,
    WorkLimit,
    escape,
    quote,
)
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    SequenceNode,
    child,
    items_of,
    pairs_of,
    texts_of,
)
from reconciler.access_file.sections.accounts import (
    FileContext,
    ResolvedPrincipal,
    check_named,
    report_bad_id,
)
from reconciler.access_file.sections.near_misses import near_miss
from reconciler.access_file.sections.principals import read_arn, read_principal
from reconciler.access_file.sections.tiers import sort_by_use, write_cycle
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACCOUNT_ID,
    BUILT_IN_TIERS,
    NO_CONDITION,
    REGISTRY_TIERS,
    Principal,
    account_principal,
    has_wildcard,
)

_MAX_MEMBERS = 1000
_MEMBERS = WorkLimit(300_000, "principals, each counted once per reference to it")
_GROUP_HINT = (
    "no policy has room for so many; use an account, a role pattern or an organization instead"
)

Principals = tuple[ResolvedPrincipal, ...]


def read_principals(root: Node, context: FileContext, broken: frozenset[str]) -> FileContext:
    """Read `principals`, a group after its members; returns the context that has them.

    Those whose shape is `broken` stand for no principal.
    """
    definitions = {pair.key.text: pair for pair in pairs_of(root, "principals")}
    _check_clashes(definitions, root, context)
    order, cycles = sort_by_use({name: _references(pair) for name, pair in definitions.items()})
    for cycle in cycles:
        message = f"the group {quote(cycle[0])} contains itself: {write_cycle(cycle)}"
        place = definitions[cycle[0]].key.place
        context.problems.error(RuleId.GROUP_CYCLE, message, place)
    read: dict[str, Principals] = {}
    context = context._replace(definitions=definitions, principals=read)
    for name in order:
        members = tuple(islice(_read_members(definitions[name], context), _MAX_MEMBERS + 1))
        if len(members) > _MAX_MEMBERS:
            message = f"{quote(name)} stands for more than {_MAX_MEMBERS:,} principals"
            place = definitions[name].key.place
            context.problems.error(RuleId.GROUP_TOO_LARGE, message, place, _GROUP_HINT)
            members = ()
        read[name] = () if name in broken else tuple(dict.fromkeys(members))
    return context._replace(principals={name: read[name] for name in definitions})


def is_group(name: str, context: FileContext) -> bool:
    """Whether a name stands for a list of several others."""
    pair = context.definitions.get(name)
    return pair is not None and isinstance(pair.value, SequenceNode) and len(pair.value.items) > 1


def resolve(
    reference: ScalarNode,
    context: FileContext,
    *,
    group: str | None = None,
    taken: Container[str] = (),
) -> Principals:
    """Return what a name, an ARN or an account id stands for; nothing, and a problem, if unknown.

    `group` is the group whose member it is, `taken` the names that are not suggested as they are
    already used in the same place. Raises TooLargeError.
    """
    principals = _resolve(reference, context, group, taken)
    context.problems.count(_MEMBERS, len(principals), reference.place)
    return principals


def _resolve(
    reference: ScalarNode, context: FileContext, group: str | None, taken: Container[str]
) -> Principals:
    text, accounts = reference.text, context.accounts
    if text in context.principals:
        return context.principals[text]
    if text in accounts.ids:
        account = accounts.ids[text]
        return (_account(account, text, context),) if ACCOUNT_ID.fullmatch(account) else ()
    if ACCOUNT_ID.fullmatch(text):
        check_named(text, reference.place, context)
        return (_account(text, accounts.names.get(text), context),)
    if text.lower().startswith("arn:"):
        principal = read_arn(reference, context)
        if principal is None:
            return ()
        return (ResolvedPrincipal(principal, NO_CONDITION, _account_name(principal, context)),)
    _report_unknown(reference, context, group, taken)
    return ()


def _read_members(pair: Pair, context: FileContext) -> Iterator[ResolvedPrincipal]:
    name = pair.key.text
    if isinstance(pair.value, MappingNode):
        yield from read_principal(name, pair.value, context)
    for reference in texts_of(pair.value):
        # A name that is not read yet is part of a cycle, which is reported.
        if reference.text not in context.definitions or reference.text in context.principals:
            for member in resolve(reference, context, group=name):
                yield member if member.name else member._replace(name=name)


def _references(pair: Pair) -> list[str]:
    return [reference.text for reference in texts_of(pair.value)]


def _account(account: str, name: str | None, context: FileContext) -> ResolvedPrincipal:
    return ResolvedPrincipal(account_principal(account, context.partition), NO_CONDITION, name)


def _account_name(principal: Principal, context: FileContext) -> str | None:
    """Return an account's name for its root ARN; the ARN of a role or user has none."""
    arn = principal.names[0]
    return context.accounts.names.get(arn.split(":")[4]) if arn.endswith(":root") else None


def _check_clashes(definitions: Mapping[str, Pair], root: Node, context: FileContext) -> None:
    for pair in pairs_of(root, "accounts"):
        clash = definitions.get(pair.key.text)
        if clash:
            message = f"{quote(pair.key.text)} is the name of an account and of a principal"
            other, place = sorted([clash.key.place, pair.key.place])
            hint = "rename one of them"
            context.problems.error(RuleId.NAME_CLASH, message, place, hint, other=other)


def used_principals(root: Node, entries: Iterable[Pair]) -> set[str]:
    """Return the names under `principals` that some entries use, themselves or by a group."""
    definitions = {pair.key.text: pair for pair in pairs_of(root, "principals")}
    used = {pair.key.text for entry in entries for pair in pairs_of(entry.value, "access")}
    return _reached(used & definitions.keys(), definitions)


def _reached(names: Iterable[str], definitions: Mapping[str, Pair]) -> set[str]:
    """Return these names, and those of all that they contain, directly or in a member."""
    seen = set(names)
    left = list(seen)
    while left:
        pair = definitions.get(left.pop())
        new = {used for used in (_references(pair) if pair else ()) if used in definitions} - seen
        seen |= new
        left += new
    return seen


def _contains(group: str, name: str, definitions: Mapping[str, Pair]) -> bool:
    """Whether a group is another one, or contains it, directly or in a member."""
    return name in _reached([group], definitions)


def _report_unknown(
    reference: ScalarNode, context: FileContext, group: str | None, taken: Container[str]
) -> None:
    text, problems = reference.text, context.problems
    if report_bad_id(text, reference.place, problems):
        return
    if found := near_miss(text, context):
        problems.error(RuleId.UNKNOWN_NAME, found.message, reference.place, found.hint)
        return
    names = (*context.definitions, *context.accounts.ids)
    similar = problems.closest(text, [name for name in names if name not in taken])
    if similar and group and _contains(similar, group, context.definitions):
        similar = None
    hint: str | Suggestion = "add it under principals or accounts"
    if similar:
        hint = Suggestion(text, similar)
    if has_wildcard(text):
        hint = "only the role of a principal may be a pattern: {role: PATTERN, account: ACCOUNT}"
    if text == "*":
        hint = "for public access, add a principal {public: true}; the guards forbid it by default"
    if "," in text:
        hint = f"for several, write a list: [{escape(text)}]"
    message = f"{quote(text)} is not a name, an ARN or an account id"
    problems.error(RuleId.UNKNOWN_NAME, message, reference.place, hint)


def check_unused(root: Node, problems: ProblemList) -> None:
    """Warn of each own principal and tier without a use.

    An access, a group, a keep rule or a `never` rule uses a principal; an access, another tier or a
    `never` rule uses a tier.
    """
    entries = pairs_of(root, "repositories")
    access = [pair for entry in entries for pair in pairs_of(entry.value, "access")]
    rules = items_of(root, "guards", "rules")
    principals, tiers = pairs_of(root, "principals"), pairs_of(root, "tiers")

    used = {pair.key.text for pair in access}
    used |= _texts(pair.value for pair in principals)
    used |= _texts(items_of(root, "unmanaged", "statements", "keep"), "principal")
    used |= _texts(rules, "to")
    _warn_of_unused(RuleId.UNUSED_PRINCIPAL, "principal", principals, used, problems)

    if not tiers:
        return
    given = [item for pair in access for item in items_of(pair.value)]
    used = _texts(item if isinstance(item, ScalarNode) else child(item, "tier") for item in given)
    used |= _texts((pair.value for pair in tiers), "extends")
    used |= _texts(rules, "never")
    built_in = BUILT_IN_TIERS.keys() | REGISTRY_TIERS.keys()
    _warn_of_unused(RuleId.UNUSED_TIER, "tier", tiers, used | built_in, problems)


def _texts(nodes: Iterable[Node | None], *keys: str) -> set[str]:
    return {scalar.text for node in nodes for scalar in texts_of(node, *keys)}


def _warn_of_unused(
    rule: RuleId, kind: str, pairs: Iterable[Pair], used: Container[str], problems: ProblemList
) -> None:
    for name in (pair.key for pair in pairs if pair.key.text not in used):
        problems.warning(rule, f"the {kind} {quote(name.text)} is not used", name.place)
