"""The golden folder `tests/answers`: questions in every format."""

import json
from functools import cache
from pathlib import Path

from reconciler.model.registry import RegistryScope
from reconciler.report.html.matrix_data import encode_matrix
from reconciler.report.questions.answers import (
    render_access_of,
    render_answers_json,
    render_answers_markdown,
    render_can,
    render_who_can,
)
from reconciler.report.questions.explanation import render_explanations, render_explanations_json
from reconciler.report.questions.matrix import (
    render_matrix,
    render_matrix_csv,
    render_matrix_markdown,
)
from reconciler.report.text import Page, plain
from reconciler.workflow.file.source import AccessSource, Globs, load, selected
from reconciler.workflow.questions.answers import (
    AccessOverview,
    access_matrix,
    access_of,
    access_overview,
    can,
    explain,
    who_can,
)
from reconciler.workflow.questions.asked_policies import FoundPolicies, live_policies
from tests.golden import NOW, live_registry, registry_policy

NEXT = "\n    "
FOLDER = Path(__file__).parent / "answers"


def asked_file(folder: Path = FOLDER) -> AccessSource:
    return load((folder / "ecr_access.yaml").read_bytes(), "ecr_access.yaml", now=NOW)


def from_live(_source: AccessSource, globs: Globs) -> list[FoundPolicies]:
    live = json.loads((FOLDER / "live.json").read_text())
    chosen = {name: policy for name, policy in live.items() if selected(name, globs)}
    read = live_registry(RegistryScope("111122223333", "us-west-2"), chosen)
    return [live_policies([read._replace(policy=registry_policy(FOLDER / "registry.json"))])]


@cache
def expected_answers() -> dict[str, str]:
    """Work out every output file, by name."""
    source = asked_file()
    who, api = who_can(source, "pull", "payments/api"), ("pull", "payments/api")
    denied = can(source, "runtime", "push", "payments/api")
    held, explained = access_of(source, "ci"), explain(source, "tools/builder")
    names, matrix = who.display_names, access_matrix(source).matrix
    live = who_can(source, "pull", "payments/api", from_live)
    live_matrix = access_matrix(source, find=from_live).matrix
    return {
        "who-can.txt": render_who_can(who.answers, api, names, plain),
        "who-can.md": render_answers_markdown(who.answers, names, "pull"),
        "who-can.json": render_answers_json(who.answers),
        "who-can.live.txt": render_who_can(live.answers, api, names, plain),
        "who-can.live.md": render_answers_markdown(live.answers, names, "pull"),
        "who-can.live.json": render_answers_json(live.answers),
        "can.txt": render_can(denied.answers, ("push", "payments/api"), names, plain),
        "of.txt": render_access_of(held.answers, "ci", names, (), plain),
        "of.md": render_answers_markdown(held.answers, names),
        "matrix.txt": render_matrix(matrix, names, plain, Page(100)),
        "matrix.md": render_matrix_markdown(matrix, names),
        "matrix.csv": render_matrix_csv(matrix, names),
        "matrix.live.txt": render_matrix(live_matrix, names, plain, Page()),
        "matrix.live.md": render_matrix_markdown(live_matrix, names),
        "matrix.live.csv": render_matrix_csv(live_matrix, names),
        "matrix.page.json": page_data(access_overview(source)),
        "matrix.live.page.json": page_data(access_overview(source, live=from_live)),
        "explain.txt": render_explanations(explained, plain),
        "explain.json": render_explanations_json(explained),
    }


def page_data(seen: AccessOverview) -> str:
    """Write the data of a matrix' page, a list on each line of its own."""
    data = encode_matrix(seen.result.matrix, seen.result.display_names, seen.risks, seen.desired)
    lines = (
        f"{json.dumps(key)}: [\n    {f',{NEXT}'.join(map(json.dumps, value))}\n  ]"
        if isinstance(value, list) and value
        else f"{json.dumps(key)}: {json.dumps(value)}"
        for key, value in data.items()
    )
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"
