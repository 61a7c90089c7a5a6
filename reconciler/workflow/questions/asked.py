"""What a question names: a principal, a tier or an action, as the file or AWS calls it."""

import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.access_file.desired import current_facts
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError
from reconciler.model.access import DisplayNames
from reconciler.plan.answers import Question, SourcedPolicy, question_of
from reconciler.policy import (
    ACCOUNT_ID,
    KNOWN_ACTIONS,
    MISSING,
    NO_CONDITION,
    Condition,
    Known,
    NamedPrincipal,
    Principal,
    Subject,
    Tiers,
    account_principal,
    canonical_action,
    closest_service,
    deleted_kind,
    dns_suffix,
    has_wildcard,
    identity_of,
    is_known_action,
    parse_arn,
    service_principal,
    subject_of,
    write_time,
)
from reconciler.printable import quoted
from reconciler.workflow.file.source import AccessSource, SourcePart
from reconciler.workflow.questions.similar_principals import principal_hint

_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_NO_PRINCIPAL = "not a name of the file, an ARN of a role or user, an account id or a service"


def find_question(tiers: Tiers, what: str) -> Question:
    """Return the question about a tier, or an action or pattern of ECR.

    Raises ArgumentError for one that neither the file nor ECR has: a misspelt one is never allowed.
    """
    if what in tiers:
        return question_of(tiers[what], tier=what)
    action = canonical_action(what)
    own = {action for tier in tiers.values() for action in tier}
    if (
        action in own
        or action in KNOWN_ACTIONS
        or (has_wildcard(action) and is_known_action(action))
    ):
        return question_of([action])
    hint = did_you_mean(what, [*tiers, *KNOWN_ACTIONS])
    raise ArgumentError("what", what, "neither a tier nor an action of ECR", hint=hint)


def find_principal(access: AccessFile, text: str) -> tuple[NamedPrincipal, ...]:
    """Return what a name of the file, an ARN, an account id or a service stands for.

    Several for a group, and for a role in several accounts. Raises ArgumentError for all others.
    """
    if text in access.principals:
        return access.principals[text]
    partition = access.registry.partition
    account = access.accounts.get(text, text)
    if ACCOUNT_ID.fullmatch(account):
        principal = account_principal(account, partition)
    elif (arn := parse_arn(text)) is not None and arn.resource_type != "group":
        if arn.partition != partition:
            raise _of_another_partition(text, arn.partition, partition)
        principal = Principal("AWS", (text,))
    elif _is_service(text, partition):
        principal = service_principal(text)
    else:
        raise ArgumentError("principal", text, _NO_PRINCIPAL, hint=principal_hint(access, text))
    return (_with_name(principal, text if text in access.accounts else None, access),)


def find_in_parts(source: AccessSource, text: str) -> tuple[tuple[NamedPrincipal, ...], ...]:
    """Return what a text stands for in each part; nothing where it is of another partition.

    Raises ArgumentError as `find_principal`, where no part has it.
    """
    found: list[tuple[NamedPrincipal, ...]] = []
    errors: list[ArgumentError] = []
    for part in source.parts:
        try:
            found.append(find_principal(part, text))
        except ArgumentError as error:
            found.append(())
            errors.append(error)
    if not any(found):
        raise errors[0]
    return tuple(found)


def everyone_asked(
    part: SourcePart, policies: Iterable[SourcedPolicy]
) -> tuple[NamedPrincipal, ...]:
    """Return each principal that the file or one of the policies names, those with names first.

    An account that only has a name is none. A deleted principal is nobody, and so is no principal.
    """
    access, names = part.access, display_names_of(part.access)
    found: dict[tuple[Principal, Condition], NamedPrincipal] = {}
    for named in (*_named(access), *_held(part, policies, names)):
        found.setdefault((named.principal, identity_of(*named[:2])), named)
    found_principals = (n for n in found.values() if not _is_nobody(n.principal))
    return tuple(sorted(found_principals, key=lambda n: n.names_first))


def subjects_for(
    part: SourcePart, asked: Iterable[NamedPrincipal], policies: Sequence[SourcedPolicy]
) -> tuple[Subject, ...]:
    """Return principals as subjects of questions, with what is known of requests to the registry.

    The time is that of the run. The service has endpoints for HTTPS alone (AWS General
    Reference, "Amazon ECR endpoints and quotas").
    """
    registry = part.access.registry
    now = (write_time(part.now),)
    known: Known = (
        ("aws:currenttime", now),
        ("aws:epochtime", now),
        ("aws:resourceaccount", (registry.account,)),
        ("aws:securetransport", ("true",)),
        *((("aws:requestedregion", registry.regions),) if len(registry.regions) == 1 else ()),
    )
    principals = {p for policy in policies for s in policy.statements for p in s.principals}
    return tuple(subject_of(named, known, principals) for named in asked)


def _named(access: AccessFile) -> Iterator[NamedPrincipal]:
    for name, members in access.principals.items():
        for member in members:
            yield member if member.name else member._replace(name=name)


def _held(
    part: SourcePart, policies: Iterable[SourcedPolicy], names: DisplayNames
) -> Iterator[NamedPrincipal]:
    """Yield the holders of the file's grants and of the statements, as the file calls them."""
    of_file = (
        (fact.holder.principal, fact.holder.condition)
        for entry in part.access.entries
        for fact in current_facts(entry, part.now)
        if fact.holder.effect == "Allow"
    )
    of_policies = (
        (principal, statement.condition)
        for policy in policies
        for statement in policy.statements
        if statement.effect == "Allow"
        for principal in statement.principals
    )
    for holder in dict.fromkeys((*of_file, *of_policies)):
        yield names.find(*holder) or NamedPrincipal(holder[0], identity_of(*holder))


def _is_nobody(principal: Principal) -> bool:
    return principal == MISSING or deleted_kind(principal) is not None


def _with_name(principal: Principal, name: str | None, access: AccessFile) -> NamedPrincipal:
    found = display_names_of(access).name_of(principal, NO_CONDITION)
    return NamedPrincipal(principal, name=name or found)


def _of_another_partition(text: str, partition: str, of_registry: str) -> ArgumentError:
    """Return the error for an ARN of another partition: its account is another one, too."""
    where = f"{quoted(partition)}, but the registry is in {quoted(of_registry)}"
    return ArgumentError("principal", text, f"it is in the partition {where}")


def _is_service(text: str, partition: str) -> bool:
    """Whether a text is a service principal, and no misspelt one."""
    suffixes = tuple(f".{dns_suffix(one)}" for one in ("aws", partition))
    named = _SERVICE.fullmatch(text) is not None and text.endswith(suffixes)
    return named and not closest_service(text, partition)
