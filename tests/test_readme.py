"""README shows what really happens: its transcripts are replayed, its tables checked."""

import json
import re
import shlex
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.policy.tiers import BUILT_IN_TIERS
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_2, runner, sandbox_environment
from tests.cli.edits import add_action

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


def transcript(text: str) -> list[tuple[str, str]]:
    """Split a console block into commands and what each printed."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_every_transcript_is_true(tmp_path: Path) -> None:
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        reconcile = runner(tmp_path, sandbox_environment(ecr))
        code, replayed = 0, 0
        for block in BLOCK.finditer(README):
            mark = block["mark"] or ""
            if mark.startswith("file: "):
                (tmp_path / mark.removeprefix("file: ")).write_text(block["text"])
            if mark == "do: hand edit":
                add_action(ecr, ROLE_2, "ecr:PutImage")
            if block["kind"] != "console":
                continue
            for command, printed in transcript(block["text"]):
                if command == "echo $?":
                    assert printed == f"{code}\n"
                    continue
                program, *arguments = shlex.split(command)
                assert program == "reconcile"
                done = reconcile(*arguments)
                code = done.code
                assert done.out == printed, command
                replayed += 1
    assert replayed >= 6


def test_the_tiers_table_is_true() -> None:
    rows = dict(
        re.findall(r"^\| `([a-z-]+)` \| (.*?) \|$", README.split("### Tiers")[1], re.MULTILINE)
    )
    assert set(rows) == set(BUILT_IN_TIERS)
    for tier in ("pull", "push", "lambda"):
        assert {f"ecr:{name}" for name in rows[tier].split(", ")} == BUILT_IN_TIERS[tier]
    extra = rows["read"].removeprefix("`pull` and ").split(", ")
    assert {f"ecr:{name}" for name in extra} | BUILT_IN_TIERS["pull"] == BUILT_IN_TIERS["read"]


def test_the_exit_codes_table_names_every_code() -> None:
    table = README.split("### Exit codes")[1].split("###")[0]
    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == list(Exit)


def test_every_command_is_in_the_table(tmp_path: Path) -> None:
    help_text = runner(tmp_path, {})("--help").out
    listed = re.findall(r"^  ([a-z]+)  ", help_text.split("Commands:")[1], re.MULTILINE)
    table = README.split("## Commands")[1].split("###")[0]
    assert sorted(listed) == sorted(re.findall(r"^\| `([a-z]+)[^`]*` \|", table, re.MULTILINE))


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / target).exists(), target


def test_the_policy_shown_is_the_seed_policy() -> None:
    (shown,) = [
        json.loads(out) for out in re.findall(r"reconcile compile\n(.*?)```", README, re.DOTALL)
    ]
    actions = [len(s["Action"]) for s in shown["payments/api"]["Statement"]]
    assert sorted(actions) == [3, 7]
