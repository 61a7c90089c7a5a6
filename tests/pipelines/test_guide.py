"""docs/pipelines.md is true: its tables have every input, and its blocks are real files."""

import json
import re

from tests.guide import BLOCK, marked
from tests.pipelines.platform import ROOT, load
from tests.pipelines.test_gitlab import EXAMPLE

GUIDE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
ACTION = load(ROOT / "action.yml")


def names(heading: str) -> list[str]:
    """The names in the first column of a table."""
    table = GUIDE.split(f"| {heading} | meaning |\n")[1].split("\n\n")[0]
    cells = [row.split(" | ")[0] for row in table.splitlines()[1:]]
    return [name for cell in cells for name in re.findall(r"`([a-z-]+)`", cell)]


def test_every_input_and_output_of_the_action_is_explained() -> None:
    assert sorted(names("input")) == sorted(ACTION["inputs"])
    assert sorted(names("output")) == sorted(ACTION["outputs"])


def test_the_defaults_are_those_of_the_action() -> None:
    shown = dict(re.findall(r"^\| `([a-z-]+)` \|.* Default: `(.*?)`", GUIDE, re.MULTILINE))
    assert shown == {name: ACTION["inputs"][name]["default"] for name in shown}
    assert shown.keys() == {"file", "comment", "issue"}


def test_the_block_of_gitlab_is_the_example() -> None:
    (shown,) = [block["text"] for block in BLOCK.finditer(GUIDE) if block["mark"] == "gitlab"]
    assert shown == EXAMPLE.read_text(encoding="utf-8")


def test_the_trust_policy_is_for_the_environment_of_the_merge() -> None:
    (statement,) = json.loads(marked(GUIDE, "trust policy"))["Statement"]
    wanted = statement["Condition"]["StringEquals"]
    environment = load(ROOT / "docs/examples/github/merge.yml")["jobs"]["apply"]["environment"]
    assert wanted["token.actions.githubusercontent.com:sub"].endswith(f":environment:{environment}")


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", GUIDE):
        assert (ROOT / "docs" / target).exists()
