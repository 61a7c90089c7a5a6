"""Adopts a registry: an access file that asks for what is live, proven by an empty plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import yaml

from reconciler.adopt.importing import Imported, ImportOptions, import_registry
from reconciler.adopt.merging import Base, described_by, has_key, says_registry_policy
from reconciler.adopt.yaml_text import Value
from reconciler.errors import ArgumentError, InvalidError, ReconcileError, Status
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    RegistryScope,
)
from reconciler.model.templates import CreationTemplate, template_of
from reconciler.model.transport import Transport
from reconciler.policy import (
    ACCOUNT_ID,
    REGION,
    MalformedError,
    load_json,
    minified,
    partition_of_region,
)
from reconciler.registry.failures.errors import CallError
from reconciler.workflow.file.source import AccessSource, SourcePart
from reconciler.workflow.listener import LOG, Listener
from reconciler.workflow.live.connections import (
    CredentialSource,
    CredentialSources,
    connect_registries,
    sources_of,
)
from reconciler.workflow.live.registries import ToRead, read_registries

MAX_POLICIES = 512 * 2**20
"""The largest file of policies that is read, in bytes: as many as a registry may hold."""

_REGISTRY_POLICY, _TEMPLATES = "registryPolicy", "repositoryCreationTemplates"

MAX_NAMES = 16 * 2**20
"""The largest file of account names that is read, in bytes."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """An imported file, and what there is to know about it.

    `unnamed` says why the accounts' names are unknown, None where they were asked for and given.
    """

    imported: Imported
    unnamed: str | None = None

    @property
    def statuses(self) -> frozenset[Status]:
        """FAILED where a policy could not be read."""
        unread = any(one.unread for one in self.imported.notes.left_out)
        return frozenset({Status.FAILED} if unread else ())


@dataclass(frozen=True, slots=True)
class AdoptionStyle:
    """How the file is written.

    `account_names` maps account ids to names; None asks AWS Organizations. `flat`: without groups
    and patterns. `keep_dead`: deleted principals are carried as raw statements. `into` is a file to
    add to: it is completed by what it does not describe yet.
    """

    account_names: Mapping[str, str] | None = None
    flat: bool = False
    keep_dead: bool = False
    into: AccessSource | None = None


def adopt(
    *,
    account: str | None = None,
    regions: Sequence[str] = (),
    style: AdoptionStyle = AdoptionStyle(),
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    now: datetime | None = None,
    listener: Listener = LOG,
) -> Adopted:
    """Describe the live policies of a registry in an access file. Reads only.

    `account` is by default the caller's own, `regions` the one of the AWS settings; with a file to
    add to, both are those of the file, and say which part of it is meant where it has several.
    Raises ArgumentError for a wrong account or region, ReconcileError where a region can't be read.
    """
    base = None if style.into is None else _base_of(style.into, account, regions)
    sources = _sources(account, regions, base, profile)
    connections = connect_registries(sources, listener, transport)
    to_read = ToRead(
        partial(_undescribed, base),
        registry_policy=base is None or not says_registry_policy(base),
        templates=True,
    )
    registries = read_registries(connections, dict.fromkeys(connections, to_read), listener)
    for registry in registries:
        if registry.failure is not None:
            raise ReconcileError(f"{registry.scope.region}: {registry.failure.message}")
    if style.account_names is not None:
        return _adopted(registries, _options(style, style.account_names, base), None, now)
    names, unnamed = _names_of_organization(registries[0].scope, profile)
    return _adopted(registries, _options(style, names, base), unnamed, now)


def adopt_policies(
    content: bytes,
    path: str,
    *,
    account: str | None = None,
    regions: Sequence[str] = (),
    style: AdoptionStyle = AdoptionStyle(),
    now: datetime | None = None,
) -> Adopted:
    """Describe policies in an access file: a JSON object of repositories, from `path`.

    A value is a policy document, its text, or null for a repository without a policy; it holds in
    each of `regions`. Two keys are names that no repository can have: `registryPolicy` is the
    registry's own policy, which is taken to be enforced for all actions (scope V2), and
    `repositoryCreationTemplates` is a list as DescribeRepositoryCreationTemplates gives it. Account
    and regions are required, unless there is a file to add to. Raises InvalidError for other JSON,
    and as `adopt`.
    """
    base = None if style.into is None else _base_of(style.into, account, regions)
    if base is not None:
        scopes = base.access.registry.scopes
    elif account is None:
        raise ArgumentError("account", None, "the policies do not say whose registry it is")
    elif not regions:
        raise ArgumentError("region", None, "the policies do not say in which region they are")
    else:
        scopes = _checked(account, regions)
    found = _policies(content, path)
    policy, templates = _registry_policy(found), _templates(found, path)
    repositories = {
        name: LiveRepository(name, _text(text))
        for name, text in found.items()
        if name not in (_REGISTRY_POLICY, _TEMPLATES)
    }
    names = tuple(sorted(repositories))
    registries = [
        LiveRegistry(scope, names, repositories, policy=policy, templates=templates)
        for scope in scopes
    ]
    return _adopted(registries, _options(style, style.account_names or {}, base), None, now)


def read_account_names(content: bytes, path: str) -> dict[str, str]:
    """Return the name of each account by its id, from YAML or JSON that maps names to ids.

    Raises InvalidError for anything else.
    """
    ids: dict[str, str] = {}
    for name, account in _texts_by_name(content, path):
        if not ACCOUNT_ID.fullmatch(account):
            raise InvalidError(f"{path}: {name}: {account!r} is not an account id of 12 digits")
        if ids.setdefault(name, account) != account:
            raise InvalidError(f"{path}: {name} is the name of {ids[name]} and of {account}")
    return {account: name for name, account in sorted(ids.items(), reverse=True)}


def _texts_by_name(content: bytes, path: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a mapping, each scalar as text: an id without quotes keeps its zeros."""
    try:
        found = yaml.compose(content, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        raise InvalidError(f"{path} is not YAML") from None
    except RecursionError:
        raise InvalidError(f"{path} is nested too deeply") from None
    pairs = found.value if isinstance(found, yaml.MappingNode) else [(None, None)]
    for key, value in pairs:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise InvalidError(f"{path} does not map the names of accounts to their ids")
        yield key.value, value.value


def _options(style: AdoptionStyle, names: Mapping[str, str], base: Base | None) -> ImportOptions:
    return ImportOptions(names, flat=style.flat, keep_dead=style.keep_dead, base=base)


def _adopted(
    registries: Sequence[LiveRegistry],
    options: ImportOptions,
    unnamed: str | None,
    now: datetime | None,
) -> Adopted:
    return Adopted(import_registry(registries, options, now or datetime.now(UTC)), unnamed)


def _base_of(into: AccessSource, account: str | None, regions: Sequence[str]) -> Base:
    """Return a file to add to, in the part that is named. Raises ArgumentError as `_part_of`."""
    part = _part_of(into, account, regions)
    text = into.content.decode("utf-8-sig")
    of_registry = [one for one in into.each_part() if one.name == part.name]
    limits: dict[str, Value] = {}
    if part.name is not None:
        limits["registries"] = [part.name.name]
    if len(of_registry) > 1:
        limits["regions"] = list(part.access.registry.regions)
    others = tuple(one for one in into.parts if one is not part.access)
    texts = [text, *(one.content.decode("utf-8-sig") for one in into.included)]
    has_accounts = any(has_key(one, "accounts") for one in texts)
    return Base(text, part.access, has_accounts, others, limits, into.included)


def _sources(
    account: str | None, regions: Sequence[str], base: Base | None, profile: str | None
) -> CredentialSources:
    """Return the registry to read in each region, and where its credentials come from."""
    if base is not None:
        return sources_of([base.access.registry], profile)
    from reconciler.registry.session import default_region  # noqa: PLC0415 - boto3 costs

    found = regions or tuple(filter(None, [default_region(profile)]))
    if not found:
        raise ArgumentError("region", None, "the AWS settings do not say in which region it is")
    scopes = _checked(account or _own_account(found[0], profile), found)
    return dict.fromkeys(scopes, CredentialSource(None, profile))


def _part_of(into: AccessSource, account: str | None, regions: Sequence[str]) -> SourcePart:
    """Return the part of a file to add to: of an account, in regions where the same entries hold.

    Raises ArgumentError where the file has no such part, or where it has several.
    """
    parts = into.each_part()
    found = [one for one in parts if account in (None, one.access.registry.account)]
    if not found:
        accounts = dict.fromkeys(one.access.registry.account for one in parts)
        of = "registry" if len(accounts) == 1 else "registries"
        reason = f"the file to add to is of the {of} {', '.join(accounts)}"
        raise ArgumentError("account", account, reason)
    there = [one for one in found if not regions or set(regions) == {*one.access.registry.regions}]
    if not there:
        known = " or of ".join(", ".join(one.access.registry.regions) for one in found)
        reason = f"the file to add to is of {known}"
        raise ArgumentError("region", ", ".join(regions), reason)
    if len(there) > 1:
        several = len({one.access.registry.account for one in there}) > 1
        reason = f"the file to add to has several {'registries' if several else 'parts'}"
        known = "; ".join(
            " ".join((one.access.registry.account, *one.access.registry.regions)) for one in there
        )
        parameter = "account" if several else "region"
        raise ArgumentError(parameter, None, reason, hint=f"name one of these: {known}")
    return there[0]


def _checked(account: str, regions: Sequence[str]) -> tuple[RegistryScope, ...]:
    """Return a registry in its regions. Raises ArgumentError for what can't be one."""
    if not ACCOUNT_ID.fullmatch(account):
        raise ArgumentError("account", account, "an account id has 12 digits")
    _check_regions(regions)
    return tuple(RegistryScope(account, region) for region in dict.fromkeys(regions))


def _check_regions(regions: Sequence[str]) -> None:
    for region in regions:
        if not REGION.fullmatch(region):
            raise ArgumentError("region", region, "this is not the name of a region")
        if partition_of_region(region) != partition_of_region(regions[0]):
            reason = f"its partition is not that of {regions[0]}"
            raise ArgumentError("region", region, reason, hint="import each partition by itself")


def _own_account(region: str, profile: str | None) -> str:
    from reconciler.registry.session import caller_identity, connect  # noqa: PLC0415 - boto3 costs

    _check_regions([region])
    return caller_identity(connect("", region, profile=profile)).account


def _undescribed(base: Base | None, names: tuple[str, ...]) -> list[str]:
    described = frozenset() if base is None else described_by(base.access, names)
    return [name for name in names if name not in described]


def _names_of_organization(
    scope: RegistryScope, profile: str | None
) -> tuple[Mapping[str, str], str | None]:
    """Return the accounts' names, or why they are not known: few callers may list them."""
    from reconciler.registry.organization import account_names  # noqa: PLC0415 - boto3 costs
    from reconciler.registry.session import connect  # noqa: PLC0415

    try:
        return account_names(connect(scope.account, scope.region, profile=profile)), None
    except CallError as error:
        return {}, error.message


def _policies(content: bytes, path: str) -> dict[str, object]:
    try:
        found = load_json(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, MalformedError) as error:
        raise InvalidError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidError(f"{path} is not a JSON object of repositories and their policies")
    return found


def _registry_policy(found: Mapping[str, object]) -> LiveRegistryPolicy | None:
    if _REGISTRY_POLICY not in found:
        return None
    return LiveRegistryPolicy(_text(found[_REGISTRY_POLICY]), "V2")


def _templates(found: Mapping[str, object], path: str) -> tuple[CreationTemplate, ...] | None:
    """Return the creation templates. Raises InvalidError for what is no list of them."""
    if _TEMPLATES not in found:
        return None
    listed = found[_TEMPLATES]
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InvalidError(f"{path}: {_TEMPLATES} is not a list of templates")
    try:
        return tuple(map(template_of, listed))
    except MalformedError as error:
        raise InvalidError(f"{path}: {_TEMPLATES}: {error}") from None


def _text(policy: object) -> str | None:
    """Return a policy's text; what is no policy at all is left out by name, as it is not read."""
    return policy if policy is None or isinstance(policy, str) else minified(policy)
