"""`plan --base`: what is of the file's edit since a git revision, and what repairs drift."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, sandbox_environment
from tests.cli.git import new_repository
from tests.guide import ROOT, marked, shell, typed_all

PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
EDITED = SEED.replace("runtime: pull", "runtime: push-pull")
OF_REGISTRY = SEED.replace("regions: [us-west-2]", "regions: [us-west-2]\n  policy: manage")
WRONG = "ecr_access.yaml:1:1: missing-key: missing key 'registry' or 'registries'"
BY_HAND = "arn:aws:iam::444455556666:role/by-hand"


@pytest.fixture
def file(folder: Path, reconcile: Reconcile) -> Path:
    """A committed file that is in force."""
    new_repository(folder)
    assert reconcile("apply", "--yes").code == 0
    return folder / "ecr_access.yaml"


def add_by_hand(ecr: Sandbox, repository: str = "payments/api") -> None:
    """Let another role pull, as somebody in the console would."""
    policy = json.loads(ecr.policy_text(repository) or '{"Version": "2012-10-17", "Statement": []}')
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": BY_HAND}, "Action": PULL})
    ecr.set_policy_text(repository, json.dumps(policy))


def caused(document: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    return [(change["repository"], change["cause"]) for change in document["changes"]]


def of_grants(change: dict[str, dict[str, list[dict[str, str]]]]) -> Iterable[tuple[str, ...]]:
    for side, grants in change["grants"].items():
        for grant in grants:
            yield side, grant["principal"].rpartition("/")[2], grant["cause"]


def test_each_change_and_each_grant_has_its_cause(
    file: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    ecr.create_repository("payments/web")
    add_by_hand(ecr)
    file.write_text(EDITED + "  payments/web: {access: {ci: pull}}\n")
    done = reconcile("plan", "--base", "main", "--format", "json", "--write", "html=plan.html")
    assert done.code == 0, done
    document = json.loads(done.out)
    assert document["compared_with"] == {"revision": "main", "edit": 1, "drift": 0, "both": 1}
    assert caused(document) == [("payments/api", "both"), ("payments/web", "edit")]
    assert sorted(of_grants(document["changes"][0])) == [
        ("added", "role2-2", "edit"),
        ("removed", "by-hand", "drift"),
    ]
    page = (file.parent / "plan.html").read_text()
    assert "Compared with main: 1 change from this edit, 0 repair drift, 1 does both." in page
    assert page.count('<th scope="col">Cause</th>') == 2
    assert (page.count("<td>edit</td>"), page.count("<td>drift</td>")) == (2, 1)


def test_the_figures_are_those_of_the_plan_without_it(
    file: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    add_by_hand(ecr)
    file.write_text(EDITED.replace("runtime: push-pull", f"runtime: read\n      {BY_HAND}: push"))
    whole, apart = (
        json.loads(reconcile("plan", *options, "--format", "json").out)
        for options in ((), ("--base", "HEAD"))
    )
    assert [cause for _, principal, cause in of_grants(apart["changes"][0]) if "hand" in principal]
    assert apart["summary"]["access"] == whole["summary"]["access"]
    after = [[one["policy"]["after"] for one in plan["changes"]] for plan in (whole, apart)]
    assert after[0] == after[1]


def test_a_saved_plan_with_causes_is_applied_as_a_whole(
    file: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    add_by_hand(ecr)
    file.write_text(EDITED)
    assert reconcile("plan", "--base", "HEAD", "--out", "plan.json").code == 0
    done = reconcile("apply", "plan.json", "--yes")
    assert done.code == 0, done
    assert BY_HAND not in (ecr.policy_text("payments/api") or "")
    assert reconcile("drift").code == 0


def test_an_earlier_version_that_is_not_in_force_is_drift(
    folder: Path, reconcile: Reconcile
) -> None:
    new_repository(folder)
    done = reconcile("plan", "--base", "HEAD", "--format", "json")
    assert json.loads(done.out)["compared_with"] == {
        "revision": "HEAD",
        "edit": 0,
        "drift": 1,
        "both": 0,
    }
    assert "Compared with HEAD: 0 changes from this edit, 1 repairs drift." in (
        reconcile("plan", "--base", "HEAD").out
    )


def test_it_combines_with_a_limit(file: Path, reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_repository("payments/web")
    add_by_hand(ecr)
    add_by_hand(ecr, "payments/web")
    text = EDITED + "  payments/web: {access: {}}\n"
    file.write_text(text)
    options = "--changed-since", "HEAD", "--base", "HEAD", "--repository", "payments/api"
    done = reconcile("plan", *options, "--format", "json")
    document = json.loads(done.out)
    assert (caused(document), "scope" in document) == ([("payments/api", "both")], True)


def test_the_registrys_own_policy_has_a_cause(folder: Path, reconcile: Reconcile) -> None:
    file = folder / "ecr_access.yaml"
    via = '  "shared/*": {via: registry-policy, access: {ci: pull}}\n'
    file.write_text(OF_REGISTRY + via)
    new_repository(folder)
    file.write_text(OF_REGISTRY + via.replace("ci: pull", "ci: pull, runtime: pull"))
    document = json.loads(reconcile("plan", "--base", "HEAD", "--format", "json").out)
    assert caused(document) == [("*", "both"), ("payments/api", "drift")]
    assert reconcile("apply", "--yes").code == 0
    file.write_text(OF_REGISTRY + via.replace("ci: pull", "ci: push-pull, runtime: pull"))
    document = json.loads(reconcile("plan", "--base", "HEAD", "--format", "json").out)
    assert caused(document) == [("*", "edit")]
    assert sorted(of_grants(document["changes"][0])) == [("added", "role2-1", "edit")]


@pytest.mark.parametrize(
    ("older", "why"),
    [
        (None, "ecr_access.yaml does not exist at HEAD"),
        ("version: 2\n", f"ecr_access.yaml is invalid at HEAD: {WRONG}"),
    ],
)
def test_without_an_earlier_version_all_is_of_the_edit(
    folder: Path, reconcile: Reconcile, older: str | None, why: str
) -> None:
    file = folder / "ecr_access.yaml"
    file.unlink() if older is None else file.write_text(older)
    new_repository(folder)
    file.write_text(SEED)
    options = "--base", "HEAD", "--changed-since", "HEAD", "--write", "markdown=plan.md"
    done = reconcile("plan", *options, "--format", "json")
    document, told = json.loads(done.out), f"{why}, so all of it counts as changed"
    assert caused(document) == [("payments/api", "edit")]
    assert told in " ".join(done.err.split())
    assert [(one["rule"], one["message"]) for one in document["findings"]] == [
        ("no-earlier-version", told)
    ]
    assert "no-earlier-version" in (folder / "plan.md").read_text()
    for command in ("plan", "apply"):
        done = reconcile(command, *options[:2])
        assert f"no-earlier-version: {told}" in " ".join(done.out.split())


@pytest.mark.usefixtures("file")
def test_a_base_that_git_does_not_have_is_wrong_usage(reconcile: Reconcile) -> None:
    assert reconcile("plan", "--base", "nowhere").code == 2
    assert reconcile("plan", "--base", "").code == 2


@pytest.mark.parametrize("mark", ["the causes of a plan", "the plan of an edit alone"])
def test_the_guide_shows_what_is_printed(file: Path, ecr: Sandbox, mark: str) -> None:
    guide = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
    shown = marked(guide, mark)
    add_by_hand(ecr)
    file.write_text(EDITED)
    assert shell(typed_all(shown), file.parent, sandbox_environment(ecr)) == shown
