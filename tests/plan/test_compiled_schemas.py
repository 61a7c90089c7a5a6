"""The compiled schemas: made from the schemas, and of one mind with jsonschema."""

import ast
import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document import compiled_schema as of_access
from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import plain
from reconciler.plan.saved import compiled_schema as of_plan
from tests.access_file.test_schema import parts
from tests.effort import examples
from tests.plan.saving import PLAN, edited, places, put, value_at

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "schema" / "compile.py"))
MADE: list[tuple[Path, Mapping[str, Path]]] = list(SCRIPT["COMPILED"].items())
compiled: Callable[[Mapping[str, Path]], str] = SCRIPT["compiled"]

Check = Callable[[object], bool]


def validator_of(file: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(inlined(schema_text(file)))


def examples_in(file: str) -> list[object]:
    """Give what the schema itself shows: values, and the names of keys."""
    found: list[object] = []
    for _, part in parts(json.loads(schema_text(file))):
        shown, properties = part.get("examples"), part.get("properties")
        found += shown if isinstance(shown, list) else []
        found += properties if isinstance(properties, dict) else []
    return found


def access_files() -> Iterator[object]:
    for file in sorted((ROOT / "tests").rglob("*.yaml")):
        root = read_source(file.read_bytes(), file.name, ProblemList()).root
        if root is not None:
            yield plain(root)


def plans() -> Iterator[object]:
    yield {**PLAN, "digest": f"sha256:{'ab' * 32}"}
    yield edited(put("refusals", to=[{"guard": "max_revoked", "message": "too many"}]))
    yield edited(put("changes", 0, "grants", "added", 0, "not_resource", to=["arn:aws:ecr:::x"]))
    yield edited(put("summary", "set", to=1.0))
    for file in sorted((ROOT / "tests" / "cases").glob("*/plan.json")):
        yield json.loads(file.read_text(encoding="utf-8"))


ACCESS = validator_of("ecr_access.schema.json")
PLANS = validator_of("plan.schema.json")
KINDS = {"access": (of_access.is_valid, ACCESS), "plan": (of_plan.is_valid, PLANS)}
TRICKY: list[object] = [
    None, True, False, 0, 1, -1, 1.0, 0.5, 10**20, Decimal("1.0"), "", "x", "x\n", "1", "*", "é",
    "nothing", "111122223333", "111122223333\n", "x" * 300, [], [[]], {}, {"": None}, [None] * 101,
    dict.fromkeys(map(str, range(51)), "x"),
]  # fmt: skip


@cache
def documents_of(kind: str) -> list[object]:
    return list(access_files() if kind == "access" else plans())


def mutated(kind: str) -> st.SearchStrategy[object]:
    """Change a valid document in up to three places: other values and keys, more and fewer."""
    shown = examples_in(f"{'ecr_access' if kind == 'access' else 'plan'}.schema.json")
    values = st.sampled_from([*TRICKY, *shown]).map(deepcopy)
    keys = st.sampled_from([one for one in [*TRICKY, *shown] if isinstance(one, str)])

    @st.composite
    def draw_one(draw: st.DrawFn) -> object:
        document = deepcopy(draw(st.sampled_from(documents_of(kind))))
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.sampled_from([(), *places(document)]))
            target = value_at(document, place[:-1])
            match draw(st.sampled_from(["replace", "remove", "add", "rename"])), target:
                case "remove", dict() if place:
                    del target[place[-1]]
                case "add", dict():
                    target[draw(keys)] = draw(values)
                case "add", list():
                    target.append(draw(values))
                case "rename", dict() if place:
                    target[draw(keys)] = target.pop(place[-1])
                case _, dict() if place:
                    target[place[-1]] = draw(values)
                case _, list() if place:
                    target[int(place[-1])] = draw(values)
                case _:
                    document = draw(values)
        return document

    return draw_one()


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_repository_holds_is_judged_as_jsonschema_judges_it(kind: str) -> None:
    (is_valid, validator), documents = KINDS[kind], documents_of(kind)
    judged = [is_valid(document) for document in documents]
    assert judged == [validator.is_valid(document) for document in documents]
    assert judged.count(True) > 10


@given(mutated("access"))
@examples(70)
def test_an_access_file_is_judged_as_jsonschema_judges_it(document: object) -> None:
    assert of_access.is_valid(document) == ACCESS.is_valid(document)


@given(mutated("plan"))
@examples(70)
def test_a_plan_is_judged_as_jsonschema_judges_it(document: object) -> None:
    assert of_plan.is_valid(document) == PLANS.is_valid(document)


@pytest.mark.parametrize(("module", "functions"), MADE, ids=["access", "plan"])
def test_a_compiled_schema_is_what_make_schema_writes(
    module: Path, functions: Mapping[str, Path]
) -> None:
    """But for its layout, which is that of the formatter."""
    made = compiled(functions)
    shipped = module.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(shipped)) == ast.dump(ast.parse(made)), "run `make schema`"


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": []},
        {"type": "object", "properties": {"a": {"format": "date"}}},
        {"type": "number", "minimum": 1},
        {"minimum": 1},
        {"const": [1]},
        {"enum": [1.5]},
        {"items": []},
    ],
)
def test_what_cannot_be_compiled_is_refused(schema: object, tmp_path: Path) -> None:
    file = tmp_path / "a.schema.json"
    file.write_text(json.dumps(schema))
    with pytest.raises((ValueError, KeyError)):
        compiled({"is_valid": file})
