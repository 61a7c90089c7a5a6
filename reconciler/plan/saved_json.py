"""The JSON of a plan: its types, as `schema/plan.schema.json` has them, and its digest."""

import hashlib
import json
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from reconciler.plan.model import ChangeKind

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
