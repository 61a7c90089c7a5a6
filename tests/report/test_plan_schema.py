"""The schema of a plan: strict, described throughout, and true of all that is written."""

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.access_file.model import display_names_of
from reconciler.apply.model import Outcome, Result
from reconciler.model.registry import Subject
from reconciler.model.rules import load_rules
from reconciler.plan.model import ChangeKind
from reconciler.report.plans.plan_json import render_drift_json, render_outcomes_json
from reconciler.report.plans.plan_view import view_drift, view_plan
from tests.access_file.test_schema import parts
from tests.golden import CASES, case_folders, origin, planned
from tests.plan.saving import PLAN, POLICY, SETTINGS, change, signed
from tests.policy.making import Json

SCHEMA = json.loads(schema_text("plan.schema.json"))
OBJECTS = [(path, part) for path, part in parts(SCHEMA) if "title" in part and "properties" in part]
PROPERTIES = [
    (f"{path}.{name}", value)
    for path, part in OBJECTS
    for name, value in part["properties"].items()
]


def broken_by(text: str) -> list[str]:
    """Hold a text against both forms of the schema: as published, and as it is read with."""
    value = json.loads(text)
    told = [
        [f"{error.json_path}: {error.validator}" for error in validator.iter_errors(value)]
        for validator in map(jsonschema.Draft202012Validator, (SCHEMA, inlined(json.dumps(SCHEMA))))
    ]
    assert told[0] == told[1]
    return told[0]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(PROPERTIES) > 50


@pytest.mark.parametrize(("path", "part"), PROPERTIES)
def test_every_property_is_described_with_examples(path: str, part: dict[str, object]) -> None:
    assert part.get("description"), path
    assert "title" in part or "$ref" in part, path
    validator = jsonschema.Draft202012Validator({**part, "$defs": SCHEMA["$defs"]})
    assert part.get("examples"), path
    for example in part["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == [], path


@pytest.mark.parametrize(("path", "part"), OBJECTS)
def test_no_object_takes_unknown_keys(path: str, part: dict[str, object]) -> None:
    assert part.get("additionalProperties") is False, path
    assert set(part["required"]) <= set(part["properties"]), path


def test_its_words_are_those_of_the_code() -> None:
    properties = SCHEMA["$defs"]["change"]["properties"]
    assert set(properties["change"]["enum"]) == set(get_args(ChangeKind))
    risks = {rule.id for rule in load_rules().values() if "risk" in rule.kinds}
    assert set(properties["risks"]["items"]["enum"]) == risks
    assert set(properties["outcome"]["enum"]) == set(get_args(Result))
    assert set(SCHEMA["$defs"]["subject"]["enum"]) == set(get_args(Subject))


def test_it_is_true_of_every_kind_of_change() -> None:
    assert broken_by(signed(PLAN)) == []


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_it_is_true_of_plan_drift_and_apply(folder: Path) -> None:
    source, plan = planned(folder)
    words = display_names_of(source.parts[0])
    drift = view_drift(plan, words)
    failed = [Outcome(change, "failed", "no") for change in plan.changes]
    for text in (
        (folder / "plan.json").read_text(),
        "".join(render_drift_json(drift, origin(source))),
        "".join(render_outcomes_json(view_plan(plan, words), failed, origin(source))),
    ):
        assert broken_by(text) == []


TEMPLATE: Json = {"prefix": "p", "appliedFor": ["REPLICATION"], "anything": {"else": "\x1b[31m"}}


def of_registry(**more: object) -> Json:
    made = change("*", "set", None, POLICY, subject="registry-policy")
    resource = "arn:aws:ecr:us-west-2:111122223333:repository/payments/*"
    made["grants"]["added"][0]["resource"] = resource  # type: ignore[index]
    return {**made, **more}


def of_template(before: Json | None, after: Json | None, **more: object) -> Json:
    kind = "create" if before is None else "set" if after else "delete"
    made = change("a/b", kind, None, None, subject="creation-template")
    return {**made, "template": {"before": before, "after": after}, **more}


def with_change(made: Json) -> list[str]:
    return broken_by(signed({**PLAN, "changes": [made]}))


@pytest.mark.parametrize(
    "made",
    [
        change("a", "set", None, POLICY, subject="repository-policy"),
        of_registry(),
        of_registry(change="delete", policy={"before": POLICY, "after": None}),
        of_template(None, TEMPLATE),
        of_template(None, TEMPLATE, repository="ROOT"),
        of_template(TEMPLATE, TEMPLATE, policy={"before": None, "after": POLICY}),
        of_template(TEMPLATE, TEMPLATE, policy={"before": "{", "after": None}),
        of_template(TEMPLATE, None),
    ],
)
def test_it_is_true_of_each_subject(made: Json) -> None:
    assert with_change(made) == []


@pytest.mark.parametrize(
    "made",
    [
        change("*", "set", None, POLICY),
        change("ROOT", "set", None, POLICY, subject="repository-policy"),
        change("a", "set", None, POLICY, template={"before": None, "after": TEMPLATE}),
        of_registry(repository="a"),
        of_registry(change="create", settings=SETTINGS),
        of_registry(subject="x"),
        of_registry(template={"before": None, "after": TEMPLATE}),
        of_registry(policy={"before": None, "after": None}),
        of_template(None, TEMPLATE, repository="*"),
        of_template(None, TEMPLATE, repository="a/"),
        of_template(None, TEMPLATE, settings=SETTINGS),
        of_template(None, None),
        of_template(None, TEMPLATE, policy={"before": POLICY, "after": None}),
        of_template(TEMPLATE, TEMPLATE, change="create"),
        of_template(TEMPLATE, TEMPLATE, change="delete"),
        of_template(None, TEMPLATE, change="set"),
        of_template(TEMPLATE, None, policy={"before": None, "after": POLICY}),
        {key: value for key, value in of_template(None, TEMPLATE).items() if key != "template"},
    ],
)
def test_it_is_not_true_of_a_mix_of_subjects(made: Json) -> None:
    assert with_change(made) != []


def test_it_is_not_true_of_a_resource_beside_another() -> None:
    made = of_registry()
    made["grants"]["added"][0]["not_resource"] = ["x"]  # type: ignore[index]
    assert with_change(made) != []


def test_it_is_not_true_of_all_else() -> None:
    plan = json.loads((CASES / "keep-others" / "plan.json").read_text())
    for key in plan:
        without = {k: v for k, v in plan.items() if k != key}
        assert bool(broken_by(json.dumps(without))) is (key != "digest"), key
        assert broken_by(json.dumps({**plan, key: 0.5})), key


def strings(part: object, path: str = "$") -> list[tuple[str, dict[str, object]]]:
    """Find all parts of a schema that let a string through, keys of objects among them."""
    if isinstance(part, list):
        return [found for item in part for found in strings(item, path)]
    if not isinstance(part, dict):
        return []
    found = [
        place
        for key, value in part.items()
        if key not in ("examples", "enum", "const", "if", "then", "else")
        for place in strings(value, f"{path}.{key}")
    ]
    types = part.get("type", [])
    if "string" in ([types] if isinstance(types, str) else types):
        found.append((path, part))
    if isinstance(part.get("additionalProperties"), dict):
        found.append((f"{path} (its keys)", part.get("propertyNames", {})))
    return found


def test_every_string_has_a_pattern() -> None:
    found = strings(inlined(json.dumps(SCHEMA)))
    assert len(found) > 50
    assert [path for path, part in found if "pattern" not in part] == []
