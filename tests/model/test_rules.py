"""The rules are described completely and truly: their examples are run, their words are checked."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.rules import Rule, RuleId, load_rules
from tests.access_file import invalid_cases
from tests.access_file.files import load_access
from tests.cli.conftest import clean_environment, runner
from tests.golden import FILE, NOW, case_folders, expected_output
from tests.modules import MODULES, PACKAGE, nodes_of

RULES = tuple(load_rules().values())
BASE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
repositories:
  payments/api: {access: {"444455556666": pull}}
"""
SHORTENED = {
    RuleId.TOO_MANY_ALIASES,
    RuleId.TOO_DEEP,
    RuleId.GROUP_TOO_LARGE,
    RuleId.TIER_TOO_LARGE,
    RuleId.TOO_LARGE,
    RuleId.POLICY_TOO_LARGE,
    RuleId.POLICY_NEARLY_TOO_LARGE,
}
COMMANDS = {
    RuleId.NO_EARLIER_VERSION,
    RuleId.NO_LONGER_MANAGED,
    RuleId.INCLUDE_MATCHES_NOTHING,
    RuleId.INCLUDE_OUTSIDE,
    RuleId.INCLUDE_UNREADABLE,
    RuleId.INCLUDED_TWICE,
    RuleId.MAIN_FILE_ONLY,
    RuleId.OUTSIDE_MAY,
    RuleId.MIXED_WITH_DRIFT,
    RuleId.DENY_LEFT_OUT,
    RuleId.NOT_CARRIED,
    RuleId.NOT_UTF_8,
    RuleId.NOTHING_SELECTED,
    RuleId.ACCESS_DENIED,
    RuleId.CHANGED_SINCE,
    RuleId.NOT_WRITTEN,
    RuleId.READ_FAILED,
    RuleId.REGISTRY_POLICY_UNREAD,
    RuleId.UNSETTLED_WRITE,
    RuleId.THROTTLED,
    RuleId.CREATED,
}
WORDS = {
    RuleId.ADMIN: "a tier",
    RuleId.EXPIRED: "a key of JSON",
    RuleId.MAX_GRANTED: "a key of the file",
    RuleId.MAX_REVOKED: "a key of the file",
    RuleId.NEVER: "a key of the file",
    RuleId.PUBLIC: "a key of the file",
}
"""The ids that are words of their own elsewhere."""


def is_command(rule: Rule) -> bool:
    return rule.example.startswith("$ ")


def is_shortened(rule: Rule) -> bool:
    return "…" in rule.example and not is_command(rule)


def runnable(kind: str) -> list[Rule]:
    return [r for r in RULES if kind in r.kinds and not is_command(r) and not is_shortened(r)]


def whole_file(example: str) -> str:
    """The example in a file: its sections stand in place of those of a small valid file."""
    if example.startswith(("version:", "#")):
        return example
    parts = [re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE) for text in (BASE, example)]
    return "".join({part.partition(":")[0]: part for part in [*parts[0], *parts[1]]}.values())


def test_every_id_is_described_in_order() -> None:
    assert list(load_rules()) == list(RuleId)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_complete(rule: Rule) -> None:
    kinds = ("problem", "finding", "risk", "refusal", "error")
    assert rule.kinds == tuple(kind for kind in kinds if kind in rule.kinds) != ()
    assert rule.severity in ("error", "warning", "info")
    if {"refusal", "error"} & set(rule.kinds):
        assert rule.severity == "error"
    for text in (rule.description, rule.remedy):
        assert text.endswith((".", ".*", "_*.")), text
        assert text == " ".join(text.split())
    assert rule.example.strip()


def test_what_examples_can_not_be_run() -> None:
    assert {rule.id for rule in RULES if is_shortened(rule)} == SHORTENED
    assert {rule.id for rule in RULES if is_command(rule)} == COMMANDS


@pytest.mark.parametrize("rule", runnable("problem"), ids=lambda rule: rule.id)
def test_the_example_of_a_problem_reports_it_alone(rule: Rule) -> None:
    loaded = load_access(whole_file(rule.example).encode(), FILE, now=NOW)
    unused = {RuleId.UNUSED_PRINCIPAL, RuleId.UNUSED_TIER} - {rule.id}
    assert {problem.rule for problem in loaded.problems} - unused == {rule.id}


def reported(text: str, in_json: str) -> dict[str, set[str]]:
    """Map the ids that a plan reports to their kinds."""
    plan = json.loads(in_json)
    kinds = defaultdict(set)
    for kind in ("finding", "error"):
        for found in plan[f"{kind}s"]:
            kinds[found["rule"]].add(kind)
    for change in plan["changes"]:
        for risk in change["risks"]:
            kinds[risk].add("risk")
    for refused in re.findall(r"^refused: ([a-z_]+): ", text, re.MULTILINE):
        kinds[refused].add("refusal")
    return kinds


@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if "problem" not in rule.kinds and not is_command(rule)],
    ids=lambda rule: rule.id,
)
def test_the_example_of_a_plan_reports_it(rule: Rule, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(whole_file(rule.example))
    (tmp_path / "live.json").write_text(f'{{"payments/api": {rule.live or "null"}}}')
    if rule.id == RuleId.NOT_REPLICATED_YET:
        (tmp_path / "live.eu-west-1.json").write_text("{}")
    scope = "V1" if rule.id == RuleId.REGISTRY_POLICY_SCOPE else "V2"
    if rule.registry_policy or scope == "V1":
        own = f'{{"policy": {rule.registry_policy or "null"}, "scope": "{scope}"}}'
        (tmp_path / "registry.json").write_text(own)
    output = expected_output(tmp_path)
    assert reported(output["plan.txt"], output["plan.json"])[rule.id]


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_a_rule_has_the_kinds_that_it_is_reported_as(folder: Path) -> None:
    rules = load_rules()
    texts = ((folder / name).read_text(encoding="utf-8") for name in ("plan.txt", "plan.json"))
    for rule, kinds in reported(*texts).items():
        assert kinds <= set(rules[RuleId(rule)].kinds), rule


PROBLEM = r"^\S+:\d+:\d+: ([a-z0-9-]+): .*\n(?:.*\n)??(?: +\^\S* )(error|warning)$"
"""A problem as `validate` shows it: its rule in the first line, its severity below the excerpt."""


def test_a_problem_has_the_severity_of_its_rule() -> None:
    told = "".join(f.read_text(encoding="utf-8") for f in invalid_cases.FOLDER.glob("*.txt"))
    found = re.findall(PROBLEM, told, re.MULTILINE)
    assert {*found} == {(rule.id, rule.severity) for rule in RULES if "problem" in rule.kinds}


def bare_ids() -> Iterator[tuple[str, str]]:
    """Each string of the code that is the id of a rule: where it stands, and the string."""
    ids = set(RuleId)
    for module in MODULES:
        # A compiled schema has the words of the schema that it is made from.
        if module != PACKAGE / "model" / "rules.py" and module.name != "compiled_schema.py":
            for node in nodes_of(module):
                if isinstance(node, ast.Constant) and node.value in ids:
                    yield f"{module.relative_to(PACKAGE)}:{node.lineno}", str(node.value)


def test_the_code_names_no_rule_by_a_bare_string() -> None:
    found = list(bare_ids())
    assert [(place, word) for place, word in found if word not in WORDS] == []
    assert {word for _, word in found} == set(WORDS)


def test_the_options_of_the_remedies_exist(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    told = " ".join(rule.description + rule.remedy for rule in RULES)
    options = set(re.findall(r"--[a-z-]{2,}", told))
    shown = "".join(run(command, "--help").out for command in ("plan", "apply"))
    assert options
    assert {option for option in options if f"{option} " not in shown} == set()
