"""README is true: its commands are run, its picture shows its plan, its links lead somewhere."""

import json
import re
from pathlib import Path

from reconciler.access_file.starter import STARTER
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import clean_environment, runner, sandbox_environment
from tests.guide import ROOT, shell, typed_all
from tests.guide import marked as marked_in

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADOPTING = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")
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
    assert (tmp_path / "ecr_access.yaml").read_text() == marked_in(ADOPTING, "file: imported")


def test_the_first_screen_is_the_file_that_init_writes(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    shown, written = (
        run("compile", "-f", "-", stdin=text).out
        for text in (marked("file: ecr_access.yaml"), STARTER)
    )
    assert shown == written != ""


def test_the_first_screen_has_the_picture_of_its_plan() -> None:
    assert "(docs/images/plan.svg)" in README.partition("\n## ")[0]
    picture = (ROOT / "docs" / "images" / "plan.svg").read_text(encoding="utf-8")
    shown = re.sub(r"<[^>]*>", "", picture).replace("&#160;", " ")
    assert "~ runtime (arn:aws:iam::444455556666:role/role2-2) in workloads" in shown


def heading_anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]+)(?:#([^)]*))?\)", README):
        assert (ROOT / target).exists(), target
        if anchor:
            assert anchor in heading_anchors((ROOT / target).read_text(encoding="utf-8")), anchor
