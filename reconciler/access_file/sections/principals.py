"""One principal's definition, worked out: which principals it is, under which condition.

What each kind becomes is the file's contract; see the descriptions in the schema.
"""

from collections.abc import Collection

from reconciler.access_file.document.nodes import MappingNode, ScalarNode, child, place_at, texts_of
from reconciler.access_file.document.problems import ProblemList, shown, suggestion
from reconciler.access_file.model import Member
from reconciler.access_file.sections.account_fields import (
    check_conditions,
    check_partition,
    check_source_arn,
)
from reconciler.access_file.sections.accounts import Surroundings, check_named, find_account
from reconciler.access_file.sections.conditions import all_of, one_clause, read_when
from reconciler.access_file.sections.near_misses import near_miss, no_arn, pattern_hint
from reconciler.access_file.sections.never_applies import check_applies
from reconciler.access_file.sections.roles import check_name, check_sso, is_plain
from reconciler.closest import closest
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import NO_CONDITION, Clause, Condition, parse_operator
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import (
    EVERYONE,
    ORGANIZATION_ID,
    Principal,
    account_principal,
    parse_arn,
    service_principal,
)
from reconciler.policy.language.services import (
    KNOWN_SERVICES,
    closest_service,
    in_any_partition,
    partition_of_service,
)

_TAKEN = frozenset({"root", "role", "user", "assumed-role", "federated-user"})


def read_arn(node: ScalarNode, around: Surroundings) -> Principal | None:
    """Read the ARN of a principal; None, and a problem, where ECR would not take it.

    Source: IAM User Guide, "AWS JSON policy elements: Principal"; that ECR refuses groups and
    wildcards is evidenced by public reports.
    """
    if has_wildcard(node.text):
        message = f"a wildcard in the ARN {shown(node.text)}"
        hint = pattern_hint(node.text, around)
        around.problems.error(RuleId.WILDCARD_IN_ARN, message, node.place, hint=hint)
        return None
    arn = parse_arn(node.text)
    if arn is None or arn.resource_type not in _TAKEN or not is_plain(arn.path):
        found = near_miss(node.text, around) or no_arn(node.text, around)
        around.problems.error(RuleId.BAD_ARN, found.message, node.place, hint=found.hint)
        return None
    if arn.resource_type == "role":
        check_sso(arn.path, node.place, around.problems)
    check_partition(node.text, node.place, around.partition, around.problems)
    check_named(node.text, node.place, around.accounts, around.problems)
    return Principal("AWS", (node.text,))


def check_service(node: ScalarNode, around: Surroundings) -> None:
    """Report a service of another partition, and warn of one that is most likely misspelt."""
    name, problems = node.text, around.problems
    partition = partition_of_service(name)
    if partition not in (None, around.partition):
        message = (
            f"{shown(name)} is of the partition {partition}, the registry of {around.partition}"
        )
        hint = f"write {in_any_partition(name)}"
        problems.error(RuleId.WRONG_PARTITION, message, node.place, hint=hint)
    elif problems.may_compare(len(KNOWN_SERVICES)):
        meant = closest_service(name, around.partition)
        if meant:
            message = f"{shown(name)} is not a known service"
            problems.warning(RuleId.UNKNOWN_SERVICE, message, node.place, hint=suggestion(meant))


Who = tuple[Principal, Condition]

_SOURCES = ("source_accounts", "source_arns", "source_organization")
_OF_SOURCE = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorg")
_BOUNDING = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike"})


def read_principal(name: str, node: MappingNode, around: Surroundings) -> tuple[Member, ...]:
    """Read a principal that is defined by a mapping; nothing where the definition is broken."""
    when = child(node, "when")
    own = read_when(when, around.problems)
    if not any(map(_says_for_whom, own)):
        _warn_of_unbounded(node, around.problems)
    place = place_at(node, ("when",))
    check_conditions(when, around)
    members = tuple(
        Member(principal, all_of(around.problems, place, brought, own), name)
        for principal, brought in _who(name, node, around)
    )
    for member in members:
        check_applies(member, around, node, place)
    return members


def _who(name: str, node: MappingNode, around: Surroundings) -> tuple[Who, ...]:
    for kind in ("role", "user"):
        if kind in node.pairs:
            return _named(kind, name, node, around)
    for account in texts_of(child(node, "account")):
        found = find_account(account, around.accounts, around.problems)
        return ((account_principal(found, around.partition), NO_CONDITION),) if found else ()
    for service in texts_of(child(node, "service")):
        check_service(service, around)
        return ((service_principal(service.text), _source(node, around)),)
    for organization in texts_of(child(node, "organization")):
        paths = texts_of(child(node, "paths"))
        held = _organization(organization, paths, "aws:PrincipalOrg", around.problems)
        return ((EVERYONE, held),)
    return ((EVERYONE, NO_CONDITION),) if "public" in node.pairs else ()


def _named(kind: str, owner: str, node: MappingNode, around: Surroundings) -> tuple[Who, ...]:
    names = texts_of(child(node, kind))
    written = [*texts_of(child(node, "account")), *texts_of(child(node, "accounts"))]
    if not names or not check_name(kind, names[0], owner, around):
        return ()
    if not any(closest(key, ("accounts",)) for key in node.pairs):
        message = f"the {kind} {shown(names[0].text)} has no account"
        hint = "give account, or accounts for a role that is in several"
        around.problems.error(RuleId.MISSING_KEY, message, names[0].place, hint=hint)
    found = [find_account(account, around.accounts, around.problems) for account in written]
    return tuple(_in_account(kind, names[0].text, account, around) for account in found if account)


def _in_account(kind: str, name: str, account: str, around: Surroundings) -> Who:
    arn = f"arn:{around.partition}:iam::{account}:{kind}/{name}"
    if not has_wildcard(name):
        return Principal("AWS", (arn,)), NO_CONDITION
    pattern = one_clause("ArnLike", "aws:PrincipalArn", arn)
    return account_principal(account, around.partition), pattern


def _says_for_whom(clause: Clause) -> bool:
    """Tell whether a clause bounds for whose resources a service acts."""
    operator = parse_operator(clause.operator)
    bounds = operator.demands_key and operator.base in _BOUNDING
    return clause.key.startswith(_OF_SOURCE) and bounds


def _warn_of_unbounded(node: MappingNode, problems: ProblemList) -> None:
    if any(key in node.pairs for key in _SOURCES):
        return
    for service in texts_of(child(node, "service")):
        message = f"{shown(service.text)} may act for anyone's resources, in any account"
        hint = f"give {', '.join(_SOURCES[:-1])} or {_SOURCES[-1]}"
        problems.warning(RuleId.UNBOUNDED_SERVICE, message, service.place, hint=hint)


def _source(node: MappingNode, around: Surroundings) -> Condition:
    arns = texts_of(child(node, "source_arns"))
    for arn in arns:
        check_source_arn(arn, around)
    written = texts_of(child(node, "source_accounts"))
    found = [find_account(account, around.accounts, around.problems) for account in written]
    accounts = [account for account in found if account]
    by_arn = one_clause("StringLike", "aws:SourceArn", *(arn.text for arn in arns))
    by_account = one_clause("StringEquals", "aws:SourceAccount", *accounts)
    organizations = texts_of(child(node, "source_organization"))
    paths = texts_of(child(node, "source_paths"))
    by_organization = (
        _organization(one, paths, "aws:SourceOrg", around.problems) for one in organizations
    )
    return all_of(around.problems, node.place, by_arn, by_account, *by_organization)


def _organization(
    organization: ScalarNode, paths: Collection[ScalarNode], key: str, problems: ProblemList
) -> Condition:
    """Bound to an organization, or to parts of it, by the two keys that begin with `key`."""
    # What is no organization's id, the schema reports.
    is_organization = ORGANIZATION_ID.fullmatch(organization.text)
    for path in paths:
        if is_organization and not path.text.startswith(f"{organization.text}/"):
            message = f"the path {shown(path.text)} is in another organization"
            hint = f"start it with {organization.text}/"
            problems.error(RuleId.BAD_VALUE, message, path.place, hint=hint)
    if paths:
        values = (path.text for path in paths)
        return one_clause("ForAnyValue:StringLike", f"{key}Paths", *values)
    return one_clause("StringEquals", f"{key}ID", organization.text)
