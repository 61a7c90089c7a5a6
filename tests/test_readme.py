"""README is true: its commands are run in order, its output and tables are compared."""

import json
import re
import shlex
from pathlib import Path

from reconciler.access_file.starter import STARTER
from reconciler.cli.exits import Exit
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import clean_environment, runner, sandbox_environment
from tests.cli.sandbox_process import sandbox_lines
from tests.cli.stand_in import AWS_STAND_IN
from tests.guide import BLOCK, ROOT, shell, typed_all
from tests.guide import marked as marked_in

README = (ROOT / "README.md").read_text(encoding="utf-8")
WORKLOADS = "arn:aws:iam::444455556666"
PULL, PUSH_PULL = sorted(BUILT_IN_TIERS["pull"]), sorted(BUILT_IN_TIERS["push-pull"])
PAYMENTS = [
    {"Effect": "Allow", "Principal": {"AWS": f"{WORKLOADS}:role/deploy/release"},
     "Action": PUSH_PULL},
    {"Effect": "Allow", "Principal": {"AWS": [f"{WORKLOADS}:role/runtime", "777788889999"]},
     "Action": PULL},
]  # fmt: skip
SHARED = [
    {"Effect": "Allow", "Principal": "*", "Action": PULL,
     "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}},
    {"Effect": "Allow", "Action": [*PUSH_PULL, "ecr:DescribeImages"],
     "Principal": {"AWS": [f"{WORKLOADS}:role/ci", "arn:aws:iam::777788889999:role/ci"]}},
]  # fmt: skip
ADOPTED = {
    "payments/api": PAYMENTS,
    "payments/web": [
        *PAYMENTS,
        {"Sid": "NoDeletes", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchDeleteImage"},
    ],
    "shared/base": SHARED,
    "shared/jdk": [
        *SHARED,
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999900001111:role/partner"},
         "Action": PULL, "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00Z"}}},
    ],
    "scratch": None,
}  # fmt: skip


def marked(mark: str) -> str:
    return marked_in(README, mark)


def test_the_walkthrough_prints_what_it_shows(tmp_path: Path) -> None:
    """One shell in an empty folder, against the sandbox of README, prints what it shows."""
    script, shown = "", ""
    walkthrough = README.partition("<!-- sandbox -->\n")[2]
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


def test_the_adopted_registry_is_the_one_that_is_shown(tmp_path: Path) -> None:
    """One shell, in which a registry of five repositories is live, prints what is shown."""
    shown = marked("adopt")
    commands = re.findall(r"^\$ (.*)$", shown, re.MULTILINE)
    assert [command.split()[1] for command in commands] == ["import", "validate", "plan"]
    names = {"workloads": "444455556666", "staging": "777788889999", "partner-corp": "999900001111"}
    (tmp_path / "accounts.yaml").write_text(json.dumps(names))
    with Sandbox() as ecr:
        for name, policy in ADOPTED.items():
            ecr.create_repository(name)
            if policy:
                ecr.set_policy_text(name, json.dumps({"Statement": policy}))
        printed = shell(typed_all(shown), tmp_path, sandbox_environment(ecr))
    assert printed.splitlines() == shown.splitlines()
    assert (tmp_path / "ecr_access.yaml").read_text() == marked("file: imported")


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


def test_the_first_screen_is_the_plan_of_the_walkthrough() -> None:
    plan = marked("output of: reconcile plan")
    assert f"$ reconcile apply --yes --journal first.jsonl\n{plan}" in README


def test_the_first_screen_is_the_file_that_init_writes(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    shown, written = (
        run("compile", "-f", "-", stdin=text).out
        for text in (marked("file: ecr_access.yaml"), STARTER)
    )
    assert shown == written != ""


def test_the_file_of_the_whole_registry_has_no_problems(tmp_path: Path) -> None:
    done = runner(tmp_path, clean_environment())(
        "validate", "-f", "-", stdin=marked("whole registry")
    )
    assert (done.code, done.out, done.err) == (0, "stdin is valid\n", "")


def test_the_first_screen_leads_to_the_pipelines() -> None:
    assert "(docs/pipelines.md)" in README.partition("\n## ")[0]


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
    assert set(listed) == set(re.findall(r"^\| `([a-z]+)[^`]*`", table, re.MULTILINE))


def heading_anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]+)(?:#([^)]*))?\)", README):
        assert (ROOT / target).exists(), target
        if anchor:
            assert anchor in heading_anchors((ROOT / target).read_text(encoding="utf-8")), anchor


def test_the_policy_shown_is_the_seed_policy() -> None:
    (shown,) = [
        json.loads(out) for out in re.findall(r"reconcile compile\n(.*?)```", README, re.DOTALL)
    ]
    actions = [len(s["Action"]) for s in shown["payments/api"]["Statement"]]
    assert sorted(actions) == [3, 7]
