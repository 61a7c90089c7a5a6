"""docs/file.md is true: its files are valid, its policies are compiled, its tables are complete."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from reconciler.access_file.desired import compile_desired, desired_policies
from reconciler.access_file.load import Loaded
from reconciler.access_file.rules_file import RulesFile
from reconciler.policy.meaning.keep import LAMBDA_SID
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.workflow.file.source import validate
from tests.access_file.files import load_access
from tests.cli.conftest import clean_environment, runner
from tests.guide import BLOCK
from tests.guide import marked as marked_in

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "file.md").read_text(encoding="utf-8")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
POLICY_OF = "policy of "
INCLUDE = "include: "

Blocks = list[tuple[str, str, str]]
Policy = dict[str, list[dict[str, object]]]


def blocks() -> Blocks:
    """Every code block: its mark, its language, its text."""
    return [(m["mark"] or "", m["kind"], m["text"]) for m in BLOCK.finditer(GUIDE)]


def marked(mark: str) -> str:
    return marked_in(GUIDE, mark)


def section(title: str) -> str:
    return re.split(r"^##+ ", GUIDE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads; backticks are taken off."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in {"kind", "tier"}]


def overlaid(part: str) -> str:
    """The whole file, with the sections of a part in place of its own."""
    sections = {
        text.partition(":")[0]: text
        for source in (marked("file"), part)
        for text in re.split(r"^(?=[a-z_]+:)", source, flags=re.MULTILINE)
    }
    if "registries" in sections:
        del sections["registry"]
    return "".join(sections.values())


def load(text: str) -> Loaded:
    return load_access(text.encode(), "ecr_access.yaml", now=NOW)


def compiled(text: str) -> dict[str, Policy]:
    """What `compile` prints, as data."""
    access = load(text).parts[0]
    assert access is not None, load(text).problems
    policies = {
        wanted.repository: compile_desired(access, wanted)
        for wanted in desired_policies(access, None, now=NOW)
    }
    return {name: json.loads(policy or "null") for name, policy in policies.items()}


def shown_policies() -> Iterator[tuple[str, str, str]]:
    """Each policy shown: the repository, the file (the nearest one before it), the JSON."""
    nearest = ""
    for mark, _, text in blocks():
        if mark == "file":
            nearest = text
        elif mark == "part":
            nearest = overlaid(text)
        elif mark.startswith(POLICY_OF):
            yield mark.removeprefix(POLICY_OF), nearest, text


def test_every_block_is_one_that_is_checked() -> None:
    whole = {"file", "part", "rules"}
    for mark, kind, text in blocks():
        is_checked = mark.startswith((POLICY_OF, INCLUDE))
        assert (kind == "yaml" and mark in whole) or is_checked, text


def test_the_whole_file_has_no_problems() -> None:
    assert load(marked("file")).problems == ()


def test_the_rules_file_holds_in_the_whole_file() -> None:
    file, rules = marked("file"), RulesFile("rules.yaml", marked("rules").encode())
    own = len(load(file).parts[0].never_rules)
    loaded = validate(file.encode(), "ecr_access.yaml", now=NOW, rules=[rules])
    assert loaded.problems == ()
    assert len(loaded.parts[0].never_rules) == own + 2


@pytest.mark.parametrize("part", [text for mark, _, text in blocks() if mark == "part"])
def test_each_part_is_valid_in_the_whole_file(part: str) -> None:
    loaded = load(overlaid(part))
    assert loaded.parts, loaded.problems
    # A part that shows one section leaves names of the others without use.
    assert {p.rule for p in loaded.problems} <= {"unused-principal", "unused-tier"}


@pytest.mark.parametrize(("repository", "text", "shown"), list(shown_policies()))
def test_each_policy_shown_is_what_compile_gives(repository: str, text: str, shown: str) -> None:
    # Compared as text, so that the order of keys counts, too.
    assert json.dumps(json.loads(shown)) == json.dumps(compiled(text)[repository])


def test_compile_prints_the_same(tmp_path: Path) -> None:
    (tmp_path / "ecr_access.yaml").write_text(marked("file"), encoding="utf-8")
    done = runner(tmp_path, clean_environment())("compile")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == compiled(marked("file"))


def principal_rows() -> list[list[str]]:
    return [[cell.strip("`") for cell in row] for row in rows(section("principals"))]


def test_each_kind_of_principal_becomes_what_the_table_says() -> None:
    kinds = principal_rows()
    names = [written.partition(":")[0] for _, written, _, _ in kinds]
    principals = "".join(f"  {written}\n" for _, written, _, _ in kinds)
    access = "".join(f"  of/{name}: {{access: {{{name}: pull}}}}\n" for name in names)
    policies = compiled(
        overlaid(f"principals:\n{principals}repositories:\n{access}guards: {{public: allow}}\n")
    )
    for name, (_, _, principal, condition) in zip(names, kinds, strict=True):
        (statement,) = policies[f"of/{name}"]["Statement"]
        assert json.dumps(statement["Principal"]) == principal, name
        told = json.dumps(statement["Condition"]) if "Condition" in statement else "none"
        assert told == condition, name


def test_the_table_has_every_kind_of_principal() -> None:
    schema = json.loads(
        (Path(__file__).parents[1] / "schema" / "ecr_access.schema.json").read_text()
    )
    keys = schema["$defs"]["principal"]["properties"]
    written = " ".join(row[1] for row in principal_rows())
    assert [key for key in keys if f"{key}: " not in written] == []


def test_the_tiers_table_is_true() -> None:
    told = {tier.strip("`"): actions for tier, actions in rows(section("tiers"))}
    assert set(told) == set(BUILT_IN_TIERS)
    for tier, actions in told.items():
        assert {f"ecr:{name}" for name in re.findall(r"[A-Z]\w+|\*", actions)} == BUILT_IN_TIERS[
            tier
        ]


@pytest.fixture
def included(tmp_path: Path) -> Path:
    """The files of the section on `include`, in a folder."""
    for mark, _, text in blocks():
        if mark.startswith(INCLUDE):
            file = tmp_path / mark.removeprefix(INCLUDE)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return tmp_path


def validated(folder: Path) -> Loaded:
    file = folder / "ecr_access.yaml"
    return validate(file.read_bytes(), file.name, file=file, now=NOW)


def test_the_files_that_are_included_are_valid(included: Path) -> None:
    loaded = validated(included)
    assert loaded.problems == ()
    assert loaded.repositories == ("*", "payments/api", "payments/*", "builder")


@pytest.mark.parametrize("entry", ["pay*", "*", "tools/x"])
def test_a_file_with_may_has_its_own_repositories_alone(included: Path, entry: str) -> None:
    with (included / "access.d/payments.yaml").open("a") as file:
        file.write(f'  "{entry}": {{access: {{ci: pull}}}}\n')
    assert "outside-may" in {problem.rule for problem in validated(included).problems}


def test_each_included_file_has_its_owner(included: Path) -> None:
    lines = (included / "CODEOWNERS").read_text().splitlines()
    owners = dict(line.split() for line in lines)

    def owner(file: Path) -> str:
        """As GitHub reads it: the last line that matches counts."""
        path = f"/{file.relative_to(included)}"
        (*_, last) = (of for prefix, of in owners.items() if path.startswith(prefix))
        return last

    assert {one.name: owner(included / one.name) for one in validated(included).included} == {
        "access.d/names.yaml": "@example/platform",
        "access.d/payments.yaml": "@example/payments",
        "access.d/tools/build.yaml": "@example/tools",
    }
    assert owner(included / "ecr_access.yaml") == owner(included / "CODEOWNERS")


def test_the_problems_are_explained_on_the_page_of_rules() -> None:
    assert "(rules.md)" in section("Problems")


def test_the_sections_are_the_keys_of_the_file() -> None:
    keys = yaml.safe_load(marked("file")).keys() - {"version"}
    assert [key for key in keys if f"\n## {key}\n" not in GUIDE] == []


def test_the_defaults_are_the_defaults() -> None:
    """The whole file writes out `guards` and `unmanaged`: leaving them out changes nothing."""
    written = load(marked("file")).parts[0]
    left_out = load(marked("file").partition("\nguards:")[0] + "\n").parts[0]
    assert written is not None
    assert left_out is not None
    assert written.guards == left_out.guards
    assert written.ownership == left_out.ownership
    assert written.unmanaged_repositories == left_out.unmanaged_repositories


def test_the_kept_statement_is_named_as_lambda_names_it() -> None:
    assert f"`{LAMBDA_SID}`" in section("unmanaged")


def test_commands_and_options_exist(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    shown = [["init"], ["validate"], ["plan"], ["apply"], ["drift"], ["iam", "caller"], ["import"]]
    help_text = "".join(run(*command, "--help").out for command in shown)
    options = re.findall(r"(?<=[ `])--[a-z-]{2,}", re.sub(r"<!--|-->", "", GUIDE))
    assert options
    assert [option for option in options if f"{option} " not in help_text] == []
