"""Reads one principal: which IAM principals it stands for, under which condition.

The schema describes what each kind becomes; this is a contract of the file.
"""

from collections.abc import Collection

from reconciler.access_file.document.problems import ProblemList, Suggestion, escape, quote
from reconciler.access_file.document.tree import MappingNode, ScalarNode, child, place_at, texts_of
from reconciler.access_file.sections.accounts import (
    FileContext,
    ResolvedPrincipal,
    check_named,
    check_partition,
    check_source_arn,
    check_sso,
    find_accounts,
    report_partition,
)
from reconciler.access_file.sections.conditions import all_of, one_clause, read_when
from reconciler.access_file.sections.near_misses import near_miss, not_an_arn, pattern_hint
from reconciler.access_file.sections.never_applies import check_applies
from reconciler.closest import closest
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACCOUNT_KEYS,
    EVERYONE,
    KNOWN_SERVICES,
    NO_CONDITION,
    ORGANIZATION_ID,
    SOURCE_ARN,
    Clause,
    Condition,
    Principal,
    account_principal,
    closest_service,
    has_wildcard,
    in_any_partition,
    parse_arn,
    parse_operator,
    partition_of_service,
    service_principal,
)

_WITHOUT_WILDCARDS = str.maketrans("*?", "xx")
_NAMED = ("role", "user")
_KINDS = (*_NAMED, "assumed-role", "instance-profile")
_PrincipalWithCondition = tuple[Principal, Condition]

_ACCEPTED = frozenset({"root", "role", "user", "assumed-role", "federated-user"})
_SOURCES = ("source_accounts", "source_arns", "source_organization")
_SOURCE_KEYS = (SOURCE_ARN, ACCOUNT_KEYS[SOURCE_ARN], "aws:sourceorg")


def read_arn(node: ScalarNode, context: FileContext) -> Principal | None:
    """Read the ARN of a principal; None, and a problem, where ECR would not accept it.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses groups and
    wildcards is evidenced by public reports.
    """
    if has_wildcard(node.text):
        message = f"the ARN {quote(node.text)} contains a wildcard"
        hint = pattern_hint(node.text, context)
        context.problems.error(RuleId.WILDCARD_IN_ARN, message, node.place, hint)
        return None
    arn = parse_arn(node.text)
    if arn is None or arn.resource_type not in _ACCEPTED or not _is_plain(arn.path):
        found = near_miss(node.text, context) or not_an_arn(node.text, context)
        context.problems.error(RuleId.BAD_ARN, found.message, node.place, found.hint)
        return None
    if arn.resource_type == "role":
        check_sso(arn.path, node.place, context)
    check_partition(node, context)
    check_named(node.text, node.place, context)
    return Principal("AWS", (node.text,))


def read_service(node: ScalarNode, context: FileContext) -> Principal:
    """Read the name of a service; reports one of another partition, and warns of a misspelt one."""
    name, problems = node.text, context.problems
    partition = partition_of_service(name) or context.partition
    if partition != context.partition:
        report_partition(node, partition, f"write {in_any_partition(name)}", context)
    elif problems.may_compare(len(KNOWN_SERVICES)):
        similar = closest_service(name, context.partition)
        if similar:
            message = f"{quote(name)} is not a known service"
            hint = Suggestion(name, similar)
            problems.warning(RuleId.UNKNOWN_SERVICE, message, node.place, hint)
    return service_principal(name)


def read_principal(
    name: str, node: MappingNode, context: FileContext
) -> tuple[ResolvedPrincipal, ...]:
    """Read a principal that is a mapping; returns nothing for an invalid one."""
    place = place_at(node, ("when",))
    own = read_when(child(node, "when"), context)
    if not any(map(_restricts_source, own)):
        _warn_of_unbounded(node, context.problems)
    principals = tuple(
        ResolvedPrincipal(principal, all_of(context.problems, place, implied, own), name)
        for principal, implied in _read_kind(name, node, context)
    )
    for principal in principals:
        check_applies(principal, context, node, place)
    return principals


def _read_kind(
    name: str, node: MappingNode, context: FileContext
) -> tuple[_PrincipalWithCondition, ...]:
    """Read the principals that a mapping's kind stands for, each with the implied condition."""
    for kind in ("role", "user"):
        if kind in node.pairs:
            return _read_named(kind, name, node, context)
    if accounts := texts_of(node, "account")[:1]:
        found = find_accounts(accounts, context)
        return tuple((account_principal(one, context.partition), NO_CONDITION) for one in found)
    for service in texts_of(node, "service"):
        return ((read_service(service, context), _read_source(node, context)),)
    for organization in texts_of(node, "organization"):
        paths = texts_of(node, "paths")
        condition = _of_organization(organization, paths, "aws:PrincipalOrg", context.problems)
        return ((EVERYONE, condition),)
    return ((EVERYONE, NO_CONDITION),) if "public" in node.pairs else ()


def _read_named(
    kind: str, owner: str, node: MappingNode, context: FileContext
) -> tuple[_PrincipalWithCondition, ...]:
    names = texts_of(node, kind)
    if not names or not _check_name(kind, names[0], owner, context):
        return ()
    if not any(closest(key, ("accounts",)) for key in node.pairs):
        message = f"the {kind} {quote(names[0].text)} has no account"
        hint = "add account, or accounts for a role that is in several"
        context.problems.error(RuleId.MISSING_KEY, message, names[0].place, hint)
    accounts = find_accounts((*texts_of(node, "account"), *texts_of(node, "accounts")), context)
    return tuple(_in_account(kind, names[0].text, one, context.partition) for one in accounts)


def _in_account(kind: str, name: str, account: str, partition: str) -> _PrincipalWithCondition:
    arn = f"arn:{partition}:iam::{account}:{kind}/{name}"
    if not has_wildcard(name):
        return Principal("AWS", (arn,)), NO_CONDITION
    return account_principal(account, partition), one_clause("ArnLike", "aws:PrincipalArn", arn)


def _restricts_source(clause: Clause) -> bool:
    """Whether a clause restricts for whose resources a service acts."""
    operator = parse_operator(clause.operator)
    return clause.key.startswith(_SOURCE_KEYS) and operator.demands_key and operator.is_text


def _warn_of_unbounded(node: MappingNode, problems: ProblemList) -> None:
    if any(key in node.pairs for key in _SOURCES):
        return
    for service in texts_of(node, "service"):
        message = f"{quote(service.text)} may act for resources of any account"
        hint = f"add {', '.join(_SOURCES[:-1])} or {_SOURCES[-1]}"
        problems.warning(RuleId.UNBOUNDED_SERVICE, message, service.place, hint)


def _read_source(node: MappingNode, context: FileContext) -> Condition:
    arns = texts_of(node, "source_arns")
    for arn in arns:
        check_source_arn(arn, context)
    accounts = find_accounts(texts_of(node, "source_accounts"), context)
    paths = texts_of(node, "source_paths")
    return all_of(
        context.problems,
        node.place,
        one_clause("StringLike", "aws:SourceArn", *(arn.text for arn in arns)),
        one_clause("StringEquals", "aws:SourceAccount", *accounts),
        *(
            _of_organization(organization, paths, "aws:SourceOrg", context.problems)
            for organization in texts_of(node, "source_organization")
        ),
    )


def _of_organization(
    organization: ScalarNode, paths: Collection[ScalarNode], key: str, problems: ProblemList
) -> Condition:
    """Return the condition for an organization, or parts of it; `key` begins the two keys."""
    # The schema reports an invalid organization id.
    is_organization = ORGANIZATION_ID.fullmatch(organization.text)
    for path in paths:
        if is_organization and not path.text.startswith(f"{organization.text}/"):
            message = f"the path {quote(path.text)} is in another organization"
            hint = f"start it with {organization.text}/"
            problems.error(RuleId.BAD_VALUE, message, path.place, hint)
    if paths:
        values = (path.text for path in paths)
        return one_clause("ForAnyValue:StringLike", f"{key}Paths", *values)
    return one_clause("StringEquals", f"{key}ID", organization.text)


def _is_plain(path: str) -> bool:
    """Whether a path and name have no empty part, most likely a mistake, and no variable."""
    return "${" not in path and all(path.split("/") if path else ())


def _check_name(kind: str, name: ScalarNode, owner: str, context: FileContext) -> bool:
    """Whether a text can be the name of a role or user (`kind`), or a pattern for roles.

    `owner` is the name of the principal. Reports an invalid name, and warns of a path that is most
    likely a mistake.
    """
    problems, text = context.problems, name.text
    if text.lower().startswith("arn:"):
        message = f"'{kind}' must be a name; for an ARN write {escape(owner)}: {escape(text)}"
        problems.error(RuleId.BAD_ARN, message, name.place, "an ARN already includes the account")
        return False
    arn = f"arn:{context.partition}:iam::111122223333:{kind}/{text}"
    if not parse_arn(arn.translate(_WITHOUT_WILDCARDS)) or not _is_plain(text):
        message = f"{quote(text)} is not the name of a {kind}"
        hint = f"write the path and name that follow '{kind}/' in the ARN, such as deploy/release"
        stripped = text.strip().strip("/")
        if stripped != text and parse_arn(f"arn:aws:iam::111122223333:{kind}/{stripped}"):
            hint = f"write only {escape(stripped)}"
        problems.error(RuleId.BAD_ARN, message, name.place, hint)
        return False
    if kind == "user" and has_wildcard(text):
        message = f"the user's name {quote(text)} contains a wildcard"
        hint = "only a role's name may be a pattern"
        problems.error(RuleId.WILDCARD_IN_ARN, message, name.place, hint)
        return False
    _warn_of_path(kind, name, context)
    if kind == "role":
        check_sso(text, name.place, context)
    return True


def _warn_of_path(kind: str, name: ScalarNode, context: FileContext) -> None:
    first, _, rest = name.text.partition("/")
    prefix = first.rpartition(":")[2]
    if not rest or prefix not in _KINDS:
        return
    # In an assumed-role ARN, the name of the session follows the name of the role.
    without = f"{prefix}: {rest}" if prefix in _NAMED else f"role: {rest.partition('/')[0]}"
    message = f"{quote(name.text)} is the {kind} {quote(rest)} with the path '/{first}/'"
    hint = f"without that path, write {without}"
    context.problems.warning(RuleId.UNLIKELY_ROLE, message, name.place, hint)
