"""A saved plan's JSON, to be edited and read back."""

import json
from collections.abc import Callable
from copy import deepcopy

from hypothesis import strategies as st

from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.plan.saved.parts import digest_of
from reconciler.plan.saved.plan_format import SavedPlan, read_saved
from tests.policy.making import ROLE, Json

SCHEMA = inlined(schema_text("plan.schema.json"))
PLACE = {"account": "111122223333", "region": "us-west-2"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "ecr:PutImage"}],
}
SETTINGS = {
    "tag_mutability": "IMMUTABLE",
    "scan_on_push": True,
    "encryption": "KMS",
    "kms_key": None,
    "tags": {"team": "payments", "a": "b"},
}


def change(repository: str, kind: str, before: object, after: object, **more: object) -> Json:
    grant = {
        "effect": "Allow",
        "principal": ROLE,
        "name": None,
        "tier": None,
        "actions": ["ecr:PutImage"],
        "conditions": {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}},
    }
    return {
        "repository": repository,
        **PLACE,
        "change": kind,
        "grants": {"added": [grant], "removed": []},
        "risks": ["admin"],
        "kept_statements": [""],
        "policy": {"before": before, "after": after},
        **more,
    }


PLAN: Json = {
    "format_version": "1",
    "tool": {"name": "reconcile", "version": "1.2.3"},
    "file": {"path": "ecr_access.yaml", "sha256": "ab" * 32},
    "registry": {"account": "111122223333", "regions": ["us-west-2", "eu-west-1"]},
    "summary": {
        "set": 1, "delete": 1, "create": 1, "in_sync": 7, "errors": 1, "grants_added": 1,
        "grants_removed": 0, "grants_gone": 0, "live_grants": 12, "unmanaged_repositories": 2,
        "templates": {"create": 0, "set": 0, "delete": 0},
        "access": {
            "granted": 1, "widened": 0, "revoked": 1, "narrowed": 0, "changed": 0, "gone": 1,
        },
    },
    "changes": [
        change("b", "delete", POLICY, None),
        change("a/new", "create", None, POLICY, settings=SETTINGS),
        change("c", "set", "{not understood}", POLICY),
    ],
    "refusals": [],
    "never_broken": [
        {
            "repository": "d", **PLACE, "tier": "push", "principal": "*", "name": None,
            "conditions": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            "because": "so it is", "repaired": False, "by_rewriting": True,
        }
    ],
    "findings": [
        {"repository": "z/*", "rule": "nothing-selected", "message": "none", "region": None},
        {"repository": "b", "rule": "public", "message": "é", "region": "us-west-2"},
    ],
    "errors": [{"repository": "x", **PLACE, "rule": "missing-repository", "message": "gone"}],
    "unmanaged_repositories": ["v", "u"],
}  # fmt: skip


def edited(edit: Callable[[Json], object], of: Json = PLAN) -> Json:
    """Give a copy of a plan with an edit made in place."""
    copy = deepcopy(of)
    edit(copy)
    return copy


def signed(document: Json) -> str:
    """Write a plan with the digest that goes with it."""
    return json.dumps({**document, "digest": digest_of(document)})


def read(text: str) -> SavedPlan:
    return read_saved(text, SCHEMA)


def put(*steps: str | int, to: object) -> Callable[[Json], None]:
    """Make an edit that puts a value somewhere."""

    def edit(plan: Json) -> None:
        *path, last = steps
        part = plan
        for step in path:
            part = part[step]
        part[last] = to

    return edit


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
"""Any JSON value."""


def value_at(value: object, place: tuple[str | int, ...]) -> object:
    """Give the value that a way leads to."""
    for step in place:
        value = value[step]  # type: ignore[index]
    return value


def places(value: object) -> list[tuple[str | int, ...]]:
    """Give the way to every value in a JSON value."""
    if isinstance(value, dict):
        return [(k, *rest) for k, v in value.items() for rest in [(), *places(v)]]
    if isinstance(value, list):
        return [(i, *rest) for i, v in enumerate(value) for rest in [(), *places(v)]]
    return []
