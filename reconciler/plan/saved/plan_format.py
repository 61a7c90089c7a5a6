"""The JSON form of a plan: written, and read back from a saved plan.

`schema/plan.schema.json` documents each key. Reading checks that a saved plan is whole, of this
form, and unchanged. It proves no more: whoever applies it computes the plan anew from the access
file.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, NotRequired, TypedDict, TypeVar, cast

from reconciler.errors import InvalidError, RefusedError, Remedy
from reconciler.model.registry import RegistryScope, RepositorySettings, Subject, Target
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.causes import ChangeCause, ComparedWith, LeftOut, PlanCauses
from reconciler.plan.model import (
    NO_SCOPE,
    BreakingPolicy,
    Change,
    ChangedSince,
    ChangeKind,
    Finding,
    NeverViolation,
    Plan,
    PlanError,
    ScopeFigures,
)
from reconciler.plan.origin import Origin, PlannedRegistry, ReadFile
from reconciler.plan.saved.compiled_schema import is_valid
from reconciler.plan.saved.parts import (
    TOOL,
    PlaceJson,
    digest_of,
    place_json,
    repository_json,
    target_of,
)
from reconciler.policy import (
    MISSING,
    NO_CONDITION,
    MalformedError,
    Principal,
    condition_json,
    json_place,
    load_json,
    minified,
    parse_condition,
)

FORMAT_VERSION = "1"
"""The version of the format; raised by a change that a reader of this one would misread."""

_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LONGEST_VERSION = 32
_LONGEST_PLACE = 200

JsonObject = dict[str, object]
JsonPolicy = JsonObject | str | None
"""A policy document; the text of one that is not understood; None for no policy."""

ConditionsJson = dict[str, dict[str, str | list[str]]]

GrantsJson = dict[str, list[dict[str, object]]]
"""The grants that a change adds, under `added`, and removes; not read back."""


class _PolicyJson(TypedDict):
    before: JsonPolicy
    after: JsonPolicy


class _TemplateJson(TypedDict):
    """A creation template before and after: the service's fields; None for no template."""

    before: JsonObject | None
    after: JsonObject | None


class _SettingsJson(TypedDict):
    tag_mutability: Literal["MUTABLE", "IMMUTABLE"]
    scan_on_push: bool
    encryption: Literal["AES256", "KMS"]
    kms_key: str | None
    tags: dict[str, str]


class ChangeJson(PlaceJson):
    """One change; `outcome` and `error` where it was applied, `cause` where that was asked for."""

    change: ChangeKind
    grants: GrantsJson
    risks: list[str]
    kept_statements: list[str]
    policy: _PolicyJson
    settings: NotRequired[_SettingsJson]
    template: NotRequired[_TemplateJson]
    cause: NotRequired[ChangeCause]
    outcome: NotRequired[str]
    error: NotRequired[str | None]


_Place = TypeVar("_Place", bound=PlaceJson)


class _FindingJson(TypedDict):
    """One finding; `registry` and `account` in a plan for several registries, null as `region`."""

    registry: NotRequired[str | None]
    repository: str
    account: NotRequired[str | None]
    region: str | None
    rule: str
    message: str
    subject: NotRequired[Subject]


class _ErrorJson(PlaceJson):
    rule: str
    message: str


class _BreakingJson(TypedDict, total=False):
    policy: BreakingPolicy


class _ViolationJson(PlaceJson, _BreakingJson):
    tier: str
    principal: str
    name: str | None
    conditions: ConditionsJson
    because: str
    repaired: bool
    by_rewriting: bool


class _LimitJson(TypedDict):
    changed_since: str
    not_read: int | None


class _OnlyMineJson(TypedDict):
    """What a plan of an edit alone was computed from, and how much it leaves out as drift."""

    commit: str
    sha256: str
    left_out: int
    left_out_in_part: int


class _ComparedJson(TypedDict):
    """What a plan was compared with, and how many of its changes have each cause."""

    revision: str
    edit: int
    drift: int
    both: int
    only_mine: NotRequired[_OnlyMineJson]


class _RegistryJson(TypedDict):
    account: str | None
    regions: list[str]


class _OneOfSeveralJson(TypedDict):
    """One of several registries; its figures and `unmanaged_repositories` by region."""

    name: str
    account: str
    regions: list[str]
    in_sync: dict[str, int]
    live_grants: dict[str, int]
    unmanaged_repositories: dict[str, list[str]]


class SummaryJson(TypedDict):
    """The figures of a plan; only `in_sync` and `live_grants` are read back."""

    set: int
    delete: int
    create: int
    in_sync: int
    errors: int
    grants_added: int
    grants_removed: int
    grants_gone: int
    live_grants: int
    unmanaged_repositories: int
    templates: dict[str, int]
    access: dict[str, int]


class _OptionalJson(TypedDict, total=False):
    """A plan is for one registry or for several; only one that can be applied has a digest.

    `scope` is what a limited one is limited to. Only one of some registries leaves others out. With
    `compared_with`, the changes and grants have causes. Of these only `only_mine` is read back.
    `rules` are rules files.
    """

    registry: _RegistryJson
    registries: list[_OneOfSeveralJson]
    registries_left_out: list[str]
    scope: _LimitJson
    compared_with: _ComparedJson
    rules: list[dict[str, str]]
    digest: str


class PlanJson(_OptionalJson):
    """A whole plan."""

    format_version: str
    tool: dict[str, str]
    file: dict[str, str]
    summary: SummaryJson
    changes: list[ChangeJson]
    refusals: list[dict[str, object]]
    never_broken: list[_ViolationJson]
    findings: list[_FindingJson]
    errors: list[_ErrorJson]
    unmanaged_repositories: list[str]


@dataclass(frozen=True, slots=True)
class SavedChange:
    """One change as it was saved; `settings` exactly where the repository is to be created.

    `before_text` means what the live policy meant when the plan was made, and is its very text
    where that was not understood; None for no policy. `after` is a JSON object, None for no policy.
    """

    target: Target
    change: ChangeKind
    before_text: str | None
    after: JsonPolicy
    settings: RepositorySettings | None


class SavedEdit(NamedTuple):
    """That a plan is limited to an edit: since which version, and what it leaves out."""

    since: ComparedWith
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved, all sorted; the rest is as in `Plan`.

    Where it is for one registry, it does not say in which region a repository is unmanaged: it is
    taken for the first.

    `file_path` and `file_sha256` are of the access file, `rules` of the rules files,
    `tool_version` and `digest` of the plan. `edit` is None where it is not limited to one.
    """

    registries: tuple[PlannedRegistry, ...]
    file_path: str
    file_sha256: str
    rules: tuple[ReadFile, ...]
    tool_version: str
    digest: str
    changes: tuple[SavedChange, ...]
    findings: tuple[Finding, ...]
    errors: tuple[PlanError, ...]
    unmanaged: tuple[Target, ...]
    never_broken: tuple[NeverViolation, ...]
    in_sync: int
    live_grants: int
    changed_since: ChangedSince | None
    edit: SavedEdit | None
    by_scope: Mapping[RegistryScope, ScopeFigures]


def plan_json(
    origin: Origin,
    plan: Plan,
    summary: SummaryJson,
    refusals: Iterable[dict[str, object]],
) -> PlanJson:
    """Return a plan as a JSON object, with an empty list for its changes, and without a digest."""
    names = origin.names
    document: PlanJson = {
        "format_version": FORMAT_VERSION,
        "tool": {"name": TOOL, "version": origin.tool_version},
        "file": {"path": origin.path, "sha256": origin.sha256},
        **_registries_json(origin, plan),
        "summary": summary,
        "changes": [],
        "refusals": list(refusals),
        "never_broken": [_named(_violation_json(one), names) for one in plan.violations],
        "findings": [_finding_json(one, names) for one in plan.findings],
        "errors": [_named(_error_json(one), names) for one in plan.errors],
        "unmanaged_repositories": plan.unmanaged_names,
    }
    if origin.rules:
        document["rules"] = [one._asdict() for one in origin.rules]
    if origin.left_out:
        document["registries_left_out"] = list(origin.left_out)
    if plan.changed_since is not None:
        revision, not_read = plan.changed_since
        document["scope"] = {"changed_since": revision, "not_read": not_read}
    if plan.causes is not None:
        document["compared_with"] = _compared_json(plan.causes)
    return document


def _compared_json(causes: PlanCauses) -> _ComparedJson:
    number, base, left_out = causes.numbers, causes.base, causes.left_out
    compared: _ComparedJson = {
        "revision": base.revision,
        "edit": number["edit"],
        "drift": number["drift"],
        "both": number["both"],
    }
    if left_out is not None:
        compared["only_mine"] = {
            "commit": base.commit,
            "sha256": base.sha256,
            "left_out": left_out.changes,
            "left_out_in_part": left_out.parts,
        }
    return compared


def _registries_json(origin: Origin, plan: Plan) -> _OptionalJson:
    if not origin.names:
        account, regions = next(((r.account, r.regions) for r in origin.registries), (None, ()))
        return {"registry": {"account": account, "regions": list(regions)}}
    unmanaged: defaultdict[RegistryScope, list[str]] = defaultdict(list)
    for target in plan.unmanaged:
        unmanaged[target.scope].append(target.repository)
    return {
        "registries": [
            {
                "name": name or "",
                "account": account,
                "regions": list(regions),
                "in_sync": {s.region: plan.by_scope[s].in_sync for s in registry.scopes},
                "live_grants": {s.region: plan.by_scope[s].live_grants for s in registry.scopes},
                "unmanaged_repositories": {
                    s.region: unmanaged[s] for s in registry.scopes if s in unmanaged
                },
            }
            for registry in origin.registries
            for account, regions, name in [registry]
        ]
    }


def _named(place: _Place, names: Mapping[RegistryScope, str]) -> _Place:
    """Add the registry's name to a JSON object, where the plan is for several."""
    if names:
        place["registry"] = names[RegistryScope(place["account"], place["region"])]
    return place


def read_saved(text: str, schema: Mapping[str, object]) -> SavedPlan:
    """Read a saved plan's text; `schema` is that of a plan, with every `$ref` in place.

    Raises InvalidError for what is no plan, and RefusedError for a plan of another format, for the
    output of drift or apply, and for a plan that was edited or damaged.
    """
    try:
        return _saved(_document(load_json(text), schema))
    except MalformedError as malformed:
        raise InvalidError(
            f"the plan can't be read: {malformed}", remedy=Remedy.PLAN_AGAIN
        ) from None
    except RecursionError:
        raise InvalidError("the plan is nested too deeply", remedy=Remedy.PLAN_AGAIN) from None


def _document(value: object, schema: Mapping[str, object]) -> PlanJson:
    if not isinstance(value, dict) or not _is_ours(value):
        raise InvalidError("not a reconcile plan", remedy=Remedy.PLAN_AGAIN)
    _check_format(value["format_version"])
    _check_digest(value)
    _check_schema(value, schema)
    return cast("PlanJson", value)


def _check_format(version: object) -> None:
    if version != FORMAT_VERSION:
        raise RefusedError(
            f"the plan is in format {_quoted(version)}, of another version of reconcile; this one "
            f"reads format {_quoted(FORMAT_VERSION)}",
            remedy=Remedy.PLAN_AGAIN,
        )


def _check_digest(value: Mapping[str, object]) -> None:
    if "digest" not in value:
        raise RefusedError(
            "the plan has no digest: it was edited, or it is the output of drift or apply, which "
            "can't be applied",
            remedy=Remedy.PLAN_AGAIN,
        )
    if value["digest"] != digest_of(value):
        raise RefusedError(
            "the plan was edited or damaged since it was made: its digest does not match its "
            "content",
            remedy=Remedy.PLAN_AGAIN,
        )


def _check_schema(value: Mapping[str, object], schema: Mapping[str, object]) -> None:
    if is_valid(value):
        return
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs; only for an invalid plan

    for error in Draft202012Validator(schema).iter_errors(value):
        place = json_place(tuple(error.absolute_path))[:_LONGEST_PLACE]
        raise InvalidError(
            f"the plan is malformed: {place} breaks the schema's {error.validator!r}",
            remedy=Remedy.SHOW_PLAN_SCHEMA,
        )


def _is_ours(value: dict[str, object]) -> bool:
    tool = value.get("tool")
    return isinstance(tool, dict) and tool.get("name") == TOOL and "format_version" in value


def _quoted(value: object) -> str:
    return json.dumps(value, default=float)[:_LONGEST_VERSION]


def _saved(document: PlanJson) -> SavedPlan:
    file, summary = document["file"], document["summary"]
    changes = sorted(map(_change, document["changes"]), key=lambda change: change.target)
    counted = Counter(change.target for change in changes)
    for target in (target for target, number in counted.items() if number > 1):
        raise InvalidError(
            f"the plan is malformed: it changes {target} twice", remedy=Remedy.PLAN_AGAIN
        )
    registries = _registries(document)
    return SavedPlan(
        registries=registries,
        file_path=file["path"],
        file_sha256=file["sha256"],
        rules=tuple(ReadFile(one["path"], one["sha256"]) for one in document.get("rules", [])),
        tool_version=document["tool"]["version"],
        digest=document["digest"],
        changes=tuple(changes),
        findings=tuple(sorted(_finding(one, registries) for one in document["findings"])),
        errors=tuple(sorted(map(_error, document["errors"]))),
        unmanaged=tuple(sorted(_unmanaged(document, registries))),
        never_broken=tuple(sorted(map(_violation, document["never_broken"]))),
        in_sync=summary["in_sync"],
        live_grants=summary["live_grants"],
        changed_since=_changed_since(document),
        edit=_edit(document),
        by_scope={
            RegistryScope(own["account"], region): ScopeFigures(
                own["in_sync"].get(region, 0), own["live_grants"].get(region, 0)
            )
            for own in document.get("registries", [])
            for region in own["regions"]
        },
    )


def _changed_since(document: PlanJson) -> ChangedSince | None:
    scope = document.get("scope")
    return ChangedSince(scope["changed_since"], scope["not_read"]) if scope else None


def _edit(document: PlanJson) -> SavedEdit | None:
    compared = document.get("compared_with")
    limit = compared.get("only_mine") if compared else None
    if compared is None or limit is None:
        return None
    since = ComparedWith(compared["revision"], limit["commit"], limit["sha256"])
    return SavedEdit(since, LeftOut(limit["left_out"], limit["left_out_in_part"]))


def _registries(document: PlanJson) -> tuple[PlannedRegistry, ...]:
    if "registries" not in document:
        one = document["registry"]
        return (PlannedRegistry(cast("str", one["account"]), tuple(one["regions"])),)
    registries = tuple(
        PlannedRegistry(own["account"], tuple(own["regions"]), own["name"])
        for own in document["registries"]
    )
    scopes = Counter(scope for registry in registries for scope in registry.scopes)
    for scope in (scope for scope, number in scopes.items() if number > 1):
        raise InvalidError(
            f"the plan is malformed: it names the registry {scope.account} in {scope.region} twice",
            remedy=Remedy.PLAN_AGAIN,
        )
    return registries


def _unmanaged(document: PlanJson, registries: tuple[PlannedRegistry, ...]) -> Iterator[Target]:
    if "registries" not in document:
        for name in document["unmanaged_repositories"]:
            yield Target(name, registries[0].scopes[0])
        return
    for own in document["registries"]:
        for region, names in own["unmanaged_repositories"].items():
            for name in names:
                yield Target(name, RegistryScope(own["account"], region))


def change_json(
    change: Change,
    grants: GrantsJson,
    risks: Iterable[RuleId],
    names: Mapping[RegistryScope, str],
) -> ChangeJson:
    """Return one change as a JSON object; its policies and settings are exact.

    `names` are those of several registries; empty where the plan is for one.
    """
    document: ChangeJson = {
        "repository": change.target.repository,
        "account": change.target.scope.account,
        "region": change.target.scope.region,
        "subject": change.target.subject,
        "change": change.change,
        "grants": grants,
        "risks": sorted(set(risks)),
        "kept_statements": list(change.kept),
        "policy": {
            "before": change.unreadable.text
            if change.unreadable
            else _policy_json(change.target.policy_of(change.before_text)),
            "after": _policy_json(change.target.policy_of(change.after_text)),
        },
    }
    if change.target.subject == "creation-template":
        document["template"] = {
            "before": _template_json(change.before_text),
            "after": _template_json(change.after_text),
        }
    if change.settings is not None:
        document["settings"] = _settings_json(change.settings)
    return _named(document, names)


def _change(change: ChangeJson) -> SavedChange:
    documents = change.get("template", change["policy"])
    before, settings = documents["before"], change.get("settings")
    return SavedChange(
        target=target_of(change),
        change=change["change"],
        before_text=minified(before) if isinstance(before, dict) else before,
        after=documents["after"],
        settings=_settings(settings) if settings else None,
    )


def _policy_json(text: str | None) -> JsonPolicy:
    try:
        return None if text is None else cast("JsonPolicy", load_json(text))
    except MalformedError:
        return text


def _template_json(text: str | None) -> JsonObject | None:
    return None if text is None else read_template(text).fields


def _settings_json(settings: RepositorySettings) -> _SettingsJson:
    return cast("_SettingsJson", {**settings._asdict(), "tags": dict(settings.tags)})


def _settings(settings: _SettingsJson) -> RepositorySettings:
    return RepositorySettings(
        tag_mutability=settings["tag_mutability"],
        scan_on_push=settings["scan_on_push"],
        encryption=settings["encryption"],
        kms_key=settings["kms_key"],
        tags=tuple(sorted(settings["tags"].items())),
    )


def _finding_json(finding: Finding, names: Mapping[RegistryScope, str]) -> _FindingJson:
    document: _FindingJson = {
        "repository": finding.repository,
        "rule": finding.rule,
        "message": finding.message,
        "region": finding.scope.region or None,
    }
    if names:
        document["registry"] = names.get(finding.scope)
        document["account"] = finding.scope.account or None
    if finding.subject != "repository-policy":
        document["subject"] = finding.subject
    return document


def _finding(finding: _FindingJson, registries: tuple[PlannedRegistry, ...]) -> Finding:
    region = finding["region"]
    account = finding.get("account") or registries[0].account
    return Finding(
        finding["repository"],
        _rule(finding["rule"]),
        finding["message"],
        NO_SCOPE if region is None else RegistryScope(account, region),
        finding.get("subject", "repository-policy"),
    )


def _error_json(error: PlanError) -> _ErrorJson:
    return {**place_json(error.target), "rule": error.rule, "message": error.message}


def _error(error: _ErrorJson) -> PlanError:
    return PlanError(target_of(error), _rule(error["rule"]), error["message"])


def _rule(rule: str) -> RuleId:
    try:
        return RuleId(rule)
    except ValueError:
        raise InvalidError(
            f"the plan is malformed: this version of reconcile has no rule {_quoted(rule)}",
            remedy=Remedy.PLAN_AGAIN,
        ) from None


def _violation_json(violation: NeverViolation) -> _ViolationJson:
    return {
        **repository_json(violation.target),
        "tier": violation.tier,
        "principal": principal_text(violation.principal),
        "name": violation.name,
        "conditions": condition_json(violation.condition),
        "because": violation.because,
        "repaired": violation.repaired,
        "by_rewriting": violation.by_rewriting,
        **_breaking_json(violation.policy),
    }


def _breaking_json(policy: BreakingPolicy) -> _BreakingJson:
    """Return the key for a policy that is not the repository's own, which goes without saying."""
    return {} if policy == "repository" else {"policy": policy}


def _violation(violation: _ViolationJson) -> NeverViolation:
    conditions = violation["conditions"]
    return NeverViolation(
        target=target_of(violation),
        tier=violation["tier"],
        principal=_principal(violation["principal"]),
        because=violation["because"],
        repaired=violation["repaired"],
        condition=parse_condition(conditions) if conditions else NO_CONDITION,
        name=violation["name"],
        by_rewriting=violation["by_rewriting"],
        policy=violation.get("policy", "repository"),
    )


def principal_text(principal: Principal) -> str:
    """Return a principal as one string: by its name, the rare kinds with their kind before it."""
    if principal.kind == "NotPrincipal":
        return f"NotPrincipal {', '.join(principal.names)}"
    if principal.kind in ("Federated", "CanonicalUser"):
        return f"{principal.kind} {principal.names[0]}"
    return principal.names[0] if principal.names else ""


def _principal(text: str) -> Principal:
    kind, _, rest = text.partition(" ")
    if kind == "NotPrincipal":
        return Principal(kind, tuple(rest.split(", ")))
    if kind in ("Federated", "CanonicalUser"):
        return Principal(kind, (rest,))
    if not text:
        return MISSING
    return Principal("Service" if _SERVICE.fullmatch(text) else "AWS", (text,))
