"""Included files: what they mean together, and that a team's file is about its own repositories."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.desired import compile_desired, desired_policies
from reconciler.access_file.document.schema import schema_text
from reconciler.access_file.load import Loaded, check_document, read_document
from reconciler.access_file.sections import include
from reconciler.access_file.sections.include import Included, IncludedFile
from reconciler.model.rules import RuleId
from reconciler.policy import glob_matches
from tests.access_file.files import load_access
from tests.effort import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIN, TEAM = "conf/main.yaml", "conf/team.yaml"
LIVE = (
    "payments/api",
    "payments/web",
    "tools/x",
    "shared",
    "pay",
    "payx",
    "pay/x",
    "pay/yx",
    "p/x",
)
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
"""
NAMES = """\
accounts: {workloads: "444455556666"}
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}
"""


def load(text: str, files: Mapping[str, str]) -> Loaded:
    """Load a file, with the texts of the files that it includes by their paths."""
    document = read_document(text.encode(), MAIN)
    included = Included(
        tuple(
            IncludedFile(one, one.files, f"conf/{one.files}", files[one.files].encode())
            for one in document.includes
        )
    )
    return check_document(document, included, now=NOW)


def team(text: str, may: str = '["payments/*"]', main: str = "") -> Loaded:
    """Load a file that includes one of a team."""
    own = f"{HEAD}{NAMES}{main}include: [{{files: team.yaml, may: {may}}}]\n"
    return load(own, {"team.yaml": text})


def policies(loaded: Loaded) -> dict[str, str | None]:
    (access,) = loaded.parts
    return {
        one.repository: compile_desired(access, one)
        for one in desired_policies(access, LIVE, now=NOW)
    }


def rules(loaded: Loaded) -> set[RuleId]:
    return {problem.rule for problem in loaded.problems}


def test_the_sections_are_those_of_the_schemas() -> None:
    main = json.loads(schema_text("ecr_access.schema.json"))["properties"].keys()
    shared = json.loads(schema_text("included.schema.json"))["properties"].keys()
    assert main - shared == include._OF_MAIN_FILE
    assert shared == set(include._SHARED)


class Piece(NamedTuple):
    """A key of a section, with its value as YAML, and the names that it is about."""

    section: str
    key: str
    value: str


PIECES = (
    Piece("accounts", "workloads", '"444455556666"'),
    Piece("accounts", "staging", '"777788889999"'),
    Piece("principals", "ci", "{role: role2-1, account: workloads}"),
    Piece("principals", "runtime", "{role: role2-2, account: staging}"),
    Piece("principals", "all", "[ci, runtime]"),
    Piece("tiers", "scan", "{extends: pull, actions: [ecr:DescribeImageScanFindings]}"),
    Piece("repositories", '"*"', "{access: {ci: read}}"),
    Piece("repositories", "payments/api", "{access: {all: pull, ci: scan}}"),
    Piece("repositories", "payments/web", "{inherit: false, access: {runtime: [pull, push]}}"),
    Piece("repositories", '"payments/*"', "{access: {staging: pull}, create_on: [push]}"),
    Piece("repositories", '"shared*"', "{via: registry-policy, access: {runtime: pull}}"),
    Piece("repositories", "tools/x", "{access: {nobody: pull, ci: pulll}}"),
)


def written(pieces: list[Piece]) -> str:
    sections: dict[str, list[str]] = {}
    for one in pieces:
        sections.setdefault(one.section, []).append(f"  {one.key}: {one.value}\n")
    return "".join(f"{name}:\n{''.join(lines)}" for name, lines in sections.items())


def told(loaded: Loaded) -> set[tuple[str, str, str | None]]:
    """The problems apart from their places."""
    return {(one.rule, one.message, one.hint) for one in loaded.problems}


@pytest.mark.parametrize("is_valid", [True, False])
@given(data=st.data())
@examples(40)
def test_a_file_means_the_same_however_it_is_split(is_valid: bool, data: st.DataObject) -> None:
    pieces = PIECES[:-1] if is_valid else PIECES
    files: dict[int, list[Piece]] = {number: [] for number in range(4)}
    for one in data.draw(st.permutations(pieces)):
        files[data.draw(st.integers(0, 3))].append(one)
    parts = {f"{n}.yaml": written(own) for n, own in files.items() if n and own}
    items = "".join(f"  - {{files: {name}}}\n" for name in parts)
    text = HEAD + written(files[0]) + (f"include:\n{items}" if items else "repositories: {}\n")
    if not parts:
        text = HEAD + written(files[0])
    split, whole = load(text, parts), load(HEAD + written(list(pieces)), {})
    assert told(split) == told(whole)
    assert bool(split.parts) is is_valid
    if is_valid:
        assert policies(split) == policies(whole)
        assert sorted(split.repositories or ()) == sorted(whole.repositories or ())


def test_each_problem_is_in_its_own_file() -> None:
    loaded = team("repositories:\n  payments/api: {access: {nobody: pull}}\n")
    (found,) = (one for one in loaded.problems if one.severity == "error")
    assert found.place == ("conf/team.yaml", 2, 27)
    assert loaded.lines["conf/team.yaml"][0] == "repositories:"


def test_an_unknown_name_in_several_files_is_reported_once() -> None:
    text = "repositories:\n  NAME/x: {access: {nobody: pull}}\n"
    main = HEAD + "include: [{files: b.yaml}, {files: c.yaml}]\n" + text.replace("NAME", "a")
    files = {"b.yaml": text.replace("NAME", "b"), "c.yaml": text.replace("NAME", "c")}
    (found,) = load(main, files).problems
    assert found.place.path == "conf/b.yaml"
    assert found.message.endswith("(also at conf/c.yaml:2, conf/main.yaml:5)")


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("accounts", 'own: "777788889999"'),
        ("principals", "own: {role: x, account: workloads}"),
        ("tiers", "own: {extends: pull}"),
        ("repositories", "own: {access: {ci: pull}}"),
    ],
)
def test_what_two_files_define_is_an_error_with_both_places(section: str, text: str) -> None:
    part = f"{section}: {{{text}}}\n"
    main = HEAD + "include: [{files: names.yaml}, {files: a.yaml}, {files: b.yaml}]\n"
    loaded = load(main, {"names.yaml": NAMES, "a.yaml": part, "b.yaml": part})
    (found,) = (one for one in loaded.problems if one.rule == RuleId.DUPLICATE_KEY)
    assert (found.place.path, found.other and found.other.path) == ("conf/b.yaml", "conf/a.yaml")
    assert "first defined at conf/a.yaml:1:" in found.message


def test_an_account_and_a_principal_of_one_name_in_two_files_clash() -> None:
    main = HEAD + "include: [{files: names.yaml}, {files: a.yaml}]\nrepositories: {}\n"
    files = {"names.yaml": NAMES, "a.yaml": "principals: {workloads: {account: workloads}}\n"}
    assert RuleId.NAME_CLASH in rules(load(main, files))


@pytest.mark.parametrize(
    "text",
    ["repositories: [x", "", "\x01", "- x", "repositories: 5", "repositores: {x/y: {}}"],
)
def test_one_mistake_in_an_included_file_is_one_problem(text: str) -> None:
    """What it may define is not reported as unknown, nor as unused."""
    main = HEAD + "include: [{files: a.yaml}]\nrepositories: {x/y: {access: {}}}\n"
    (found,) = load(main, {"a.yaml": text}).problems
    assert (found.severity, found.place.path) == ("error", "conf/a.yaml")


def test_a_misspelt_section_hides_the_names_in_it() -> None:
    main = HEAD + "include: [{files: a.yaml}]\nrepositories: {x/y: {access: {ci: pull}}}\n"
    loaded = load(main, {"a.yaml": 'principls: {ci: {role: x, account: "444455556666"}}\n'})
    assert rules(loaded) == {RuleId.UNKNOWN_KEY}


def test_a_file_without_a_place_can_include_nothing() -> None:
    text = HEAD + "repositories: {}\ninclude: [{files: a.yaml}, {files: 'b/*.yaml'}]\n"
    loaded = load_access(text.encode(), "stdin", now=NOW)
    assert [one.rule for one in loaded.problems] == [RuleId.INCLUDE_NOT_FOUND] * 2
    assert not loaded.parts


@pytest.mark.parametrize(
    "item",
    ["a.yaml", "{files: a.yaml, may: null}", "{files: a.yaml, may: '*'}", "{files: [a.yaml]}",
     "{files: a.yaml, may: []}", "{files: a.yaml, maybe: ['*']}", "{may: ['*']}"],
)  # fmt: skip
def test_an_item_that_is_written_wrong_is_an_error(item: str) -> None:
    text = HEAD + f"repositories: {{}}\ninclude: [{item}]\n"
    loaded = load(text, {"a.yaml": "repositories: {x/y: {access: {}}}\n"})
    assert not loaded.parts
    assert all(one.place.path == MAIN for one in loaded.problems)


def test_all_repositories_can_be_in_included_files() -> None:
    assert policies(team("repositories: {payments/api: {access: {ci: pull, runtime: pull}}}\n"))
    assert rules(load(HEAD, {})) == {RuleId.MISSING_KEY}


ATTACKS = (
    'accounts: {other: "999900001111"}',
    'principals: {ci: {role: "*", account: workloads}}',
    "tiers: {pull: {actions: ['ecr:*']}}",
    "guards: {public: allow}",
    "unmanaged: {statements: {default: keep}}",
    "include: [{files: team.yaml}]",
    "version: 2",
    'registry: {account: "999900001111", regions: [us-west-2]}',
    "registry_statements: []",
    *(
        f"repositories: {{{json.dumps(name)}: {{access: {{ci: admin}}}}}}"
        for name in (
            "*", "**", "?ayments/x", "*ayments/*", "pay*", "payments*", "payments?x", "payments",
            "[p]ayments/x", "!payments/x", "tools/x", "payments/../tools/x", "{payments,tools}/x",
            "PAYMENTS/x", "payments /x", "\u0440ayments/x", "payments/\n", "arn:aws:ecr:::x/*",
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS)
def test_a_team_changes_nothing_for_others(text: str) -> None:
    loaded = team(text + "\n", main='repositories: {"*": {access: {ci: pull, runtime: pull}}}\n')
    assert not loaded.parts
    assert {one.place.path for one in loaded.problems if one.severity == "error"} == {TEAM}


KEYS = st.lists(st.sampled_from(["pay", "p", "/", "*", "?", "x"]), min_size=1, max_size=4)
BODIES = (
    "{access: {ci: admin}}",
    "{access: {ci: push}, inherit: false}",
    "{access: {runtime: pull}, via: registry-policy}",
    "{access: {runtime: pull}, create_on: [push]}",
    '{statements: [{Effect: Deny, Principal: "*", Action: "ecr:*"}]}',
)


@given(
    key=KEYS.map("".join),
    body=st.sampled_from(BODIES),
    may=st.sampled_from(["pay/*", "pay/?x", "p*/x", "pay"]),
)
@examples(150)
def test_whatever_a_team_writes_others_keep_their_policies(key: str, body: str, may: str) -> None:
    main = 'repositories: {"*": {access: {ci: pull, runtime: pull}}}\n'
    loaded = team(f"repositories: {{{json.dumps(key)}: {body}}}\n", json.dumps([may]), main)
    before = policies(load(HEAD + NAMES + main, {}))
    if loaded.parts:
        changed = {name for name, policy in policies(loaded).items() if policy != before.get(name)}
        assert all(glob_matches(may, name) for name in changed)


@pytest.mark.parametrize("body", BODIES)
def test_inside_of_its_patterns_a_team_says_what_it_wants(body: str) -> None:
    key = '"payments/*"' if "via" in body or "create_on" in body else "payments/api"
    loaded = team(f"repositories: {{{key}: {body}}}\n")
    assert loaded.parts, loaded.problems


def test_the_guards_of_the_main_file_hold_for_a_team() -> None:
    main = "guards: {rules: [{never: push, to: ci, on: 'payments/*', because: reason}]}\n"
    loaded = team("repositories: {payments/api: {access: {ci: push}}}\n", main=main)
    assert RuleId.NEVER in rules(loaded)


def test_many_patterns_inside_are_no_work() -> None:
    names = "".join(f'  "payments/*-{n}": {{access: {{}}}}\n' for n in range(2_500))
    assert team(f"repositories:\n{names}", '["tools/*", "payments/*"]').parts


@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='repositories:{}[]\n "*&!x/,-', max_size=60).map(str.encode),
    )
)
@examples(100)
def test_whatever_an_included_file_is_it_is_no_crash(content: bytes) -> None:
    document = read_document((HEAD + "include: [{files: a.yaml, may: ['x/*']}]\n").encode(), MAIN)
    (item,) = document.includes
    included = Included((IncludedFile(item, "a.yaml", TEAM, content),))
    loaded = check_document(document, included, now=NOW)
    for problem in loaded.problems:
        for place in filter(None, (problem.place, problem.other)):
            lines = loaded.lines[place.path]
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


def test_comparing_patterns_is_limited() -> None:
    names = "".join(f'  "*{n}": {{access: {{}}}}\n' for n in range(2_500))
    loaded = team(f"repositories:\n{names}")
    assert RuleId.TOO_LARGE in rules(loaded)
