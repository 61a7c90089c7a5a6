"""A saved plan, read back: whole, of this form, and as it was made; or the reason why it is not.

It is not to be trusted for that: whoever applies it works it out anew from the access file.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict, cast

from jsonschema import Draft202012Validator

from reconciler.errors import InvalidError, RefusedError
from reconciler.model.registry import RegistryScope, RepositorySettings, Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import ChangeKind, Finding, NeverViolation, PlanError
from reconciler.policy.language.conditions import NO_CONDITION, parse_condition
from reconciler.policy.language.json_text import MalformedError, json_place, load_json, minified
from reconciler.policy.language.principals import MISSING, Principal

FORMAT_VERSION = "1"
"""The form of the JSON; another one for whatever a reader of this one would misread."""

TOOL = "reconcile"

JsonObject = dict[str, object]
JsonPolicy = JsonObject | str | None
"""A policy document; the text of a live one that was not understood; null for no policy."""


class ToolJson(TypedDict):
    """What made the plan."""

    name: str
    version: str


class FileJson(TypedDict):
    """The access file that it was made from."""

    path: str
    sha256: str


class RegistryJson(TypedDict):
    """The registry that it is for."""

    account: str
    regions: list[str]


class SummaryJson(TypedDict):
    """The figures that can't be counted from the rest."""

    in_sync: int
    live_grants: int


class PolicyJson(TypedDict):
    """A policy on both sides of a change."""

    before: JsonPolicy
    after: JsonObject | None


class SettingsJson(TypedDict):
    """How a repository is made."""

    tag_mutability: Literal["MUTABLE", "IMMUTABLE"]
    scan_on_push: bool
    encryption: Literal["AES256", "KMS"]
    kms_key: str | None
    tags: dict[str, str]


class PlaceJson(TypedDict):
    """One repository in one registry and region."""

    repository: str
    account: str
    region: str


class ChangeJson(PlaceJson):
    """One change; of its access nothing is read back: it follows from the policies."""

    change: ChangeKind
    policy: PolicyJson
    settings: NotRequired[SettingsJson]


class FindingJson(TypedDict):
    """A finding; without a region it holds for all."""

    repository: str
    rule: str
    message: str
    region: str | None


class ErrorJson(PlaceJson):
    """Why nothing could be planned for a repository."""

    rule: str
    message: str


class BrokenJson(PlaceJson):
    """A `never` rule that is broken live."""

    tier: str
    principal: str
    name: str | None
    conditions: dict[str, dict[str, str | list[str]]]
    because: str
    repaired: bool
    by_rewriting: bool


class PlanJson(TypedDict):
    """A whole plan, as far as it is read back."""

    format_version: str
    tool: ToolJson
    file: FileJson
    registry: RegistryJson
    summary: SummaryJson
    changes: list[ChangeJson]
    never_broken: list[BrokenJson]
    findings: list[FindingJson]
    errors: list[ErrorJson]
    unmanaged_repositories: list[str]
    digest: str


def digest_of(document: Mapping[str, object]) -> str:
    """Give the digest of a JSON object, without its `digest`: `sha256:` and 64 hex digits.

    It is that of its one canonical text: keys sorted, no white space, ASCII. It tells an accident
    or a thoughtless edit; anyone can make a new one.
    """
    content = {key: value for key, value in document.items() if key != "digest"}
    # Plans hold no fractions; one that was put in is written as nothing else is, and so found.
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=repr)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


_PLAN_AGAIN = "'reconcile plan --out PLAN' makes a new one"
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LONGEST_VERSION = 32
_LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class SavedChange:
    """One change as it was saved; `settings` exactly where the repository is to be made.

    `before_text` means what the live policy meant when the plan was made, and is its very text
    where that was not understood; None for no policy. `after` is a JSON object, None for no policy.
    """

    target: Target
    change: ChangeKind
    before_text: str | None
    after: JsonObject | None
    settings: RepositorySettings | None


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved, all sorted; the rest is as in `Plan`.

    `file_path` and `file_sha256` are of the access file, `tool_version` and `digest` of the plan.
    """

    account: str
    regions: tuple[str, ...]
    file_path: str
    file_sha256: str
    tool_version: str
    digest: str
    changes: tuple[SavedChange, ...]
    findings: tuple[Finding, ...]
    errors: tuple[PlanError, ...]
    unmanaged: tuple[str, ...]
    never_broken: tuple[NeverViolation, ...]
    in_sync: int
    live_grants: int


def read_saved(text: str, schema: Mapping[str, object]) -> SavedPlan:
    """Read a saved plan's text; `schema` is that of a plan, with every `$ref` in place.

    Raises InvalidError for what is no plan, and RefusedError for one of another format, one that
    drift or apply wrote, and one that is no longer as it was made.
    """
    try:
        return _saved(_document(load_json(text), schema))
    except MalformedError as malformed:
        raise InvalidError(f"the plan can't be read: {malformed}", hint=_PLAN_AGAIN) from None
    except RecursionError:
        raise InvalidError("the plan is nested too deeply", hint=_PLAN_AGAIN) from None


def _document(value: object, schema: Mapping[str, object]) -> PlanJson:
    if not isinstance(value, dict) or not _is_ours(value):
        raise InvalidError("this is no plan that reconcile made", hint=_PLAN_AGAIN)
    if value["format_version"] != FORMAT_VERSION:
        raise RefusedError(
            f"the plan is in format {_quoted(value['format_version'])}, of another version of "
            f"reconcile; this one reads format {_quoted(FORMAT_VERSION)}",
            hint=_PLAN_AGAIN,
        )
    if "digest" not in value:
        raise RefusedError(
            "the plan has no digest: it was edited since it was made, or drift or apply wrote it, "
            "whose output can't be applied",
            hint=_PLAN_AGAIN,
        )
    if value["digest"] != digest_of(value):
        raise RefusedError(
            "the plan was edited or damaged since it was made: its digest does not match its "
            "content",
            hint=_PLAN_AGAIN,
        )
    for error in Draft202012Validator(schema).iter_errors(value):
        place = json_place(tuple(error.absolute_path))[:_LONGEST_PLACE]
        raise InvalidError(
            f"the plan is malformed: {place} breaks the schema's {error.validator!r}",
            hint="'reconcile schema plan' prints the schema of a plan",
        )
    return cast("PlanJson", value)


def _is_ours(value: dict[str, object]) -> bool:
    tool = value.get("tool")
    return isinstance(tool, dict) and tool.get("name") == TOOL and "format_version" in value


def _quoted(version: object) -> str:
    return json.dumps(version)[:_LONGEST_VERSION]


def _saved(document: PlanJson) -> SavedPlan:
    registry, file = document["registry"], document["file"]
    changes = sorted(map(_change, document["changes"]), key=lambda change: change.target)
    counted = Counter(change.target for change in changes)
    for target in (target for target, number in counted.items() if number > 1):
        raise InvalidError(
            f"the plan is malformed: it changes {target} twice",
            hint=_PLAN_AGAIN,
        )
    return SavedPlan(
        account=registry["account"],
        regions=tuple(registry["regions"]),
        file_path=file["path"],
        file_sha256=file["sha256"],
        tool_version=document["tool"]["version"],
        digest=document["digest"],
        changes=tuple(changes),
        findings=tuple(
            sorted(
                Finding(f["repository"], _rule(f["rule"]), f["message"], f["region"] or "")
                for f in document["findings"]
            )
        ),
        errors=tuple(
            sorted(
                PlanError(_target(e), _rule(e["rule"]), e["message"]) for e in document["errors"]
            )
        ),
        unmanaged=tuple(sorted(document["unmanaged_repositories"])),
        never_broken=tuple(sorted(map(_broken, document["never_broken"]))),
        in_sync=document["summary"]["in_sync"],
        live_grants=document["summary"]["live_grants"],
    )


def _rule(told: str) -> RuleId:
    try:
        return RuleId(told)
    except ValueError:
        raise InvalidError(
            f"the plan is malformed: this version of reconcile has no rule {_quoted(told)}",
            hint=_PLAN_AGAIN,
        ) from None


def _change(change: ChangeJson) -> SavedChange:
    settings = change.get("settings")
    return SavedChange(
        target=_target(change),
        change=change["change"],
        before_text=_text(change["policy"]["before"]),
        after=change["policy"]["after"],
        settings=_settings(settings) if settings else None,
    )


def _text(policy: JsonPolicy) -> str | None:
    return minified(policy) if isinstance(policy, dict) else policy


def _settings(settings: SettingsJson) -> RepositorySettings:
    return RepositorySettings(
        tag_mutability=settings["tag_mutability"],
        scan_on_push=settings["scan_on_push"],
        encryption=settings["encryption"],
        kms_key=settings["kms_key"],
        tags=tuple(sorted(settings["tags"].items())),
    )


def _broken(broken: BrokenJson) -> NeverViolation:
    return NeverViolation(
        target=_target(broken),
        tier=broken["tier"],
        principal=_principal(broken["principal"]),
        because=broken["because"],
        repaired=broken["repaired"],
        condition=parse_condition(broken["conditions"]) if broken["conditions"] else NO_CONDITION,
        name=broken["name"],
        by_rewriting=broken["by_rewriting"],
    )


def _principal(written: str) -> Principal:
    """Read a principal as the JSON plan writes it: by name, the rare kinds with their kind."""
    kind, _, rest = written.partition(" ")
    if kind == "NotPrincipal":
        return Principal(kind, tuple(rest.split(", ")))
    if kind in ("Federated", "CanonicalUser"):
        return Principal(kind, (rest,))
    if not written:
        return MISSING
    return Principal("Service" if _SERVICE.fullmatch(written) else "AWS", (written,))


def _target(place: PlaceJson) -> Target:
    return Target(place["repository"], RegistryScope(place["account"], place["region"]))
