"""Rules files: their names are their own, and a rule that can't be read makes the file invalid."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file import rules_file
from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import plain
from reconciler.access_file.load import Loaded, check_document, read_document
from reconciler.access_file.rules_file import RulesFile
from reconciler.access_file.sections.include import Included, IncludedFile
from tests.access_file.files import NOW

ACCESS = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "777788889999"}
principals:
  ci: {role: builder, account: workloads}
tiers:
  deploy: {actions: [ecr:BatchGetImage]}
repositories:
  payments/api: {access: {ci: [push, deploy]}}
"""
RULES = """\
version: 1
accounts: {workloads: "444455556666", others: "777788889999"}
principals:
  ci: {role: builder, account: others}
rules:
  - {never: push, to: {outside: [workloads]}, on: "payments/*", because: only ours}
"""
BAD_SHAPES = [
    ("[]\n", [("wrong-type", 1)]),
    ("version: 1\n", [("missing-key", 1)]),
    ("rules: []\n", [("missing-key", 1)]),
    ("version: 1\nrule: []\n", [("unknown-key", 2)]),
    ("version: 1\nrules: []\nrepositories: {}\n", [("unknown-key", 3)]),
    ("version: 1\nrules: []\nguards: {}\n", [("unknown-key", 3)]),
    ("version: 1\nrules: []\ninclude: [{files: x.yaml}]\n", [("unknown-key", 3)]),
    ("version: 1\nrules: {}\n", [("wrong-type", 2)]),
    ("version: 1\nrules: [{never: push, to: [], because: x}]\n", [("empty-value", 2)]),
    ("version: 1\nrules:\n- {never: push, because: x}\n", [("missing-key", 3)]),
]
OWN = 'guards: {rules: [{never: push, to: ci, because: "own"}]}\n'


def read(*rules: str, access: str = ACCESS, included: str = "") -> Loaded:
    """Read an access file with rules files; each item of `include` has the same content."""
    files = [RulesFile(f"r{n}.yaml", text.encode()) for n, text in enumerate(rules)]
    document = read_document(access.encode(), "ecr_access.yaml")
    found = (
        IncludedFile(one, one.files, one.files, included.encode()) for one in document.includes
    )
    return check_document(document, Included(tuple(found)), now=NOW, rules=files)


def found(loaded: Loaded) -> list[tuple[str, str, int]]:
    return [(p.rule, p.place.path, p.place.line) for p in loaded.problems]


def test_a_name_means_what_the_rules_file_says() -> None:
    loaded = read(RULES)
    (problem,) = loaded.problems
    assert (problem.rule, str(problem.place)) == ("never", "9:32")
    assert problem.other is not None
    assert (problem.other.path, str(problem.other)) == ("r0.yaml", "6:13")
    assert loaded.lines["r0.yaml"][0] == "version: 1"
    ours = read(RULES.replace("[workloads]", "[others]"))
    assert found(ours) == []


def test_names_of_the_access_file_are_unknown_there() -> None:
    text = "version: 1\nrules: [{never: deploy, to: ci, because: x}]\n"
    assert found(read(text, access=ACCESS.replace("push", "pull"))) == [
        ("unknown-tier", "r0.yaml", 2),
        ("unknown-name", "r0.yaml", 2),
    ]


def test_rules_add_up() -> None:
    both = read(RULES, "version: 1\nrules: []\n", access=ACCESS + OWN)
    assert {p.other.path for p in both.problems if p.other} == {"ecr_access.yaml", "r0.yaml"}
    valid = ACCESS.replace("push", "pull")
    loaded = read(RULES, RULES, access=valid + OWN)
    (part,) = loaded.parts
    assert [(rule.place.path, rule.rule.because) for rule in part.never_rules] == [
        ("ecr_access.yaml", "own"),
        ("r0.yaml", "only ours"),
        ("r1.yaml", "only ours"),
    ]


def test_rules_hold_in_included_files() -> None:
    head, entries = ACCESS.split("repositories:\n")
    main = f"{head}include: [{{files: team.yaml, may: ['payments/*']}}]\n"
    loaded = read(RULES, access=main, included=f"repositories:\n{entries}")
    (problem,) = loaded.problems
    assert (problem.rule, problem.place.path, str(problem.place)) == ("never", "team.yaml", "2:32")
    assert problem.other is not None
    assert (problem.other.path, str(problem.other)) == ("r0.yaml", "6:13")
    assert loaded.lines.keys() == {"ecr_access.yaml", "team.yaml", "r0.yaml"}


def test_names_of_included_files_are_unknown_there_too() -> None:
    main = ACCESS.replace("push", "pull") + "include: [{files: names.yaml}]\n"
    names = 'accounts: {staging: "444455556666"}\n'
    rules = "version: 1\nrules: [{never: push, to: staging, because: x}]\n"
    assert found(read(rules, access=main, included=names)) == [("unknown-name", "r0.yaml", 2)]


def test_rules_are_read_for_each_partition() -> None:
    registries = (
        'registries:\n  - {name: a, account: "111122223333", regions: [us-west-2]}\n'
        '  - {name: b, account: "222233334444", regions: [cn-north-1]}\n'
    )
    only = 'registry: {account: "111122223333", regions: [us-west-2]}\n'
    access = ACCESS.replace(only, registries).replace("push", "pull")
    access = access.replace("payments/api: {", "payments/api: {registries: [a, b], ")
    text = RULES.replace("{outside: [workloads]}", "ci")
    loaded = read(text, access=access)
    assert {part.registry.partition for part in loaded.parts} == {"aws", "aws-cn"}
    for part in loaded.parts:
        ((placed,),) = (part.never_rules,)
        assert f"arn:{part.registry.partition}:iam::777788889999:role/builder" in str(placed.rule)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        *BAD_SHAPES,
        ("", [("missing-key", 1)]),
        ("version: 1\nrules: [\n", [("yaml-syntax", 2)]),
        ("version: 1\nrules: []\nrules: []\n", [("duplicate-key", 3)]),
    ],
)
def test_a_rules_file_that_can_not_be_read_makes_the_file_invalid(
    text: str, rules: list[tuple[str, int]]
) -> None:
    loaded = read(text, access=ACCESS.replace("push", "pull"))
    assert found(loaded) == [(rule, "r0.yaml", line) for rule, line in rules]
    assert loaded.parts == ()


def test_the_schema_has_the_keys_of_a_rules_file() -> None:
    schema = json.loads(schema_text("rules.schema.json"))
    assert tuple(schema["properties"]) == rules_file._KEYS


@pytest.mark.parametrize("text", [text for text, _ in BAD_SHAPES])
def test_the_schema_refuses_what_makes_the_file_invalid(text: str) -> None:
    schema = jsonschema.Draft202012Validator(inlined(schema_text("rules.schema.json")))
    valid, bad = (read_source(one.encode(), "r.yaml", ProblemList()).root for one in (RULES, text))
    assert valid
    assert bad
    assert schema.is_valid(plain(valid))
    assert not schema.is_valid(plain(bad))


def test_too_much_work_makes_the_file_invalid() -> None:
    members = "".join(f"  p{n}: {{role: r{n}, account: '777788889999'}}\n" for n in range(999))
    group = f"  all: [{', '.join(f'p{n}' for n in range(999))}]\n"
    rule = "  - {never: push, to: [%s], because: x}\n"
    rules = "".join(rule % ", ".join(["all"] * 10) for _ in range(99))
    text = f"version: 1\nprincipals:\n{members}{group}rules:\n{rules}"
    loaded = read(text, access=ACCESS.replace("push", "pull"))
    assert "too-large" in {problem.rule for problem in loaded.problems}
    assert loaded.parts == ()


def test_problems_of_the_registry_are_reported_once() -> None:
    loaded = read(RULES, access=ACCESS.replace("111122223333", "1").replace("push", "pull"))
    assert [(rule, path) for rule, path, _ in found(loaded)] == [
        ("bad-account-id", "ecr_access.yaml")
    ]


@pytest.mark.parametrize("access", ["", "[]", "version: 1\nrepositories: {}\n", "{"])
def test_an_access_file_without_a_registry_is_invalid(access: str) -> None:
    loaded = read(RULES, access=access)
    assert loaded.parts == ()
    assert {problem.place.path for problem in loaded.problems} == {"ecr_access.yaml"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_it_never_fails_open(content: bytes) -> None:
    file = RulesFile("r.yaml", b"version: 1\nrules:\n" + content)
    document = read_document(ACCESS.encode(), "ecr_access.yaml")
    loaded = check_document(document, Included(), now=NOW, rules=[file])
    if loaded.parts:
        assert not loaded.parts[0].never_rules or b"never" in content
    else:
        assert any(problem.severity == "error" for problem in loaded.problems)


@pytest.mark.parametrize("text", ["", "- 1\n"])
def test_the_form_of_a_rules_file_is_all_that_it_needs(text: str) -> None:
    (problem,) = read(text, access=ACCESS.replace("push", "pull")).problems
    assert problem.hint == (
        "write version: 1, and rules: [{never: TIER, to: NAME, because: REASON}]"
    )
