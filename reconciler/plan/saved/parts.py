"""What the JSON forms of a plan and of a journal have in common: places, digests, and the tool."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import NotRequired, TypedDict

from reconciler.model.registry import RegistryScope, Subject, Target

TOOL = "reconcile"


class PlaceJson(TypedDict):
    """One repository, or what else has a policy, in one registry and region.

    Without a `subject` it is about a repository's policy. `registry` is the registry's name, in a
    plan for several.
    """

    registry: NotRequired[str]
    repository: str
    account: str
    region: str
    subject: NotRequired[Subject]


def repository_json(target: Target) -> PlaceJson:
    """Return a repository in one registry and region."""
    scope = target.scope
    return {"repository": target.repository, "account": scope.account, "region": scope.region}


def place_json(target: Target) -> PlaceJson:
    """Return what a target is about."""
    return {**repository_json(target), "subject": target.subject}


def target_of(place: PlaceJson) -> Target:
    """Return what a JSON object is about."""
    scope = RegistryScope(place["account"], place["region"])
    return Target(place["repository"], scope, place.get("subject", "repository-policy"))


def digest_of(document: Mapping[str, object]) -> str:
    """Return the digest of a JSON object without its `digest`: `sha256:` and 64 hex digits.

    The digest is computed from the canonical JSON text: keys sorted, no white space, ASCII. It
    detects damage and edits by mistake. It is no signature: anyone can compute it.
    """
    content = {key: value for key, value in document.items() if key != "digest"}
    # A plan has no fractions. One that an edit adds is a Decimal, whose repr changes the digest.
    return _digest(hashlib.sha256(_canonical(content, repr)))


class PlanDigest:
    """Computes `digest_of` of a plan whose changes are written one by one."""

    def __init__(self) -> None:
        """Begin with the changes, whose key is the first one."""
        self._hash = hashlib.sha256(b'{"changes":[')
        self._between = b""

    def add(self, change: Mapping[str, object]) -> None:
        """Add the next change."""
        self._hash.update(self._between + _canonical(change, str))
        self._between = b","

    def of_all(self, others: Mapping[str, object]) -> str:
        """Return the digest of the plan with the changes so far, and what else it says."""
        self._hash.update(b"]," + _canonical(others, str)[1:])
        return _digest(self._hash)


def _canonical(content: Mapping[str, object], default: Callable[[object], str]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=default).encode()


def _digest(content: "hashlib._Hash") -> str:
    return f"sha256:{content.hexdigest()}"
