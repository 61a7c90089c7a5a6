"""docs/quick-start.md is true: its commands are run in order, and print what it shows."""

import json
import re
import shlex
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import clean_environment, runner, sandbox_environment
from tests.cli.sandbox_process import sandbox_lines
from tests.cli.stand_in import AWS_STAND_IN
from tests.guide import BLOCK, ROOT, shell, typed_all
from tests.guide import marked as marked_in

GUIDE = (ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8")


def marked(mark: str) -> str:
    return marked_in(GUIDE, mark)


def test_the_walkthrough_prints_what_it_shows(tmp_path: Path) -> None:
    """One shell in an empty folder, against the sandbox of the page, prints what it shows."""
    script, shown = "", ""
    walkthrough = GUIDE.partition("<!-- sandbox -->\n")[2]
    for block in BLOCK.finditer(walkthrough):
        if block["mark"] == "hand edit":
            script += f"{block['text'].rstrip()} >/dev/null\n"
        elif block["kind"] == "console":
            shown += block["text"]
            script += typed_all(block["text"])
    assert script.count("aws ecr set-repository-policy") == 1
    reconcile, sandbox, *options = shlex.split(marked("sandbox"))
    assert (reconcile, sandbox) == ("reconcile", "sandbox")
    aws = f'aws() {{ {AWS_STAND_IN} "$@"; }}\n'
    with sandbox_lines(clean_environment(), *options) as exports:
        printed = shell(f"{exports}{aws}{script}", tmp_path, clean_environment())
    assert printed.splitlines() == shown.splitlines()


def test_the_quick_start_works(tmp_path: Path) -> None:
    """Its commands succeed after `init`; `apply` asks, and there is no terminal to answer on."""
    commands = re.findall(r"^reconcile (\w+) ", marked("quick start"), re.MULTILINE)
    assert commands == ["validate", "plan", "apply", "drift"]
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        environment = {**sandbox_environment(ecr), "XDG_STATE_HOME": str(tmp_path / "state")}
        reconcile = runner(tmp_path, environment)
        for command in ("init", *commands):
            done = reconcile(command, *(["--yes"] if command == "apply" else []))
            assert done.code == 0, done.err


def test_the_policy_shown_is_the_seed_policy() -> None:
    (shown,) = [
        json.loads(out) for out in re.findall(r"reconcile compile\n(.*?)```", GUIDE, re.DOTALL)
    ]
    actions = [len(s["Action"]) for s in shown["payments/api"]["Statement"]]
    assert sorted(actions) == [3, 7]
