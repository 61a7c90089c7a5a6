"""The registry's policy, templates and repositories together: killed, disturbed, and undone."""

import json
import signal
from pathlib import Path
from typing import Literal

import pytest

from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.model import Done
from reconciler.model.registry import Target
from reconciler.sandbox.behaviour import Behaviour, PolicyKind
from reconciler.sandbox.requests.protocol import Call
from tests.cli.conftest import runner, sandbox_environment
from tests.cli.faults import DONE, FAULTS, PARTLY
from tests.cli.killing import Killer, Moment
from tests.cli.whole_registry import (
    CASES,
    REGISTRY,
    TO_REGISTRY,
    UPDATED,
    Texts,
    different,
    keeps_access,
    live_texts,
    serving,
)

OF_TEMPLATES = [f"{verb}RepositoryCreationTemplate" for verb in ("Create", "Update", "Delete")]
WRITES = {
    *OF_TEMPLATES,
    *("PutRegistryPolicy", "DeleteRegistryPolicy"),
    *("SetRepositoryPolicy", "DeleteRepositoryPolicy"),
}
KILLS = [
    *(("to-registry", name) for name in ("PutRegistryPolicy", *OF_TEMPLATES)),
    *(("to-repositories", name) for name in ("DeleteRegistryPolicy", "SetRepositoryPolicy")),
]
APPLY = ("apply", "--yes", "--format", "json", "--journal", "j")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecr_access.yaml").write_text(TO_REGISTRY.file)
    return tmp_path


def journalled(path: Path) -> tuple[JournaledWrite, ...]:
    return read_journal(path.read_bytes()) if path.exists() else ()


@pytest.mark.parametrize("what", ["call-arrived", "call-done"])
@pytest.mark.parametrize(("name", "operation"), KILLS)
def test_a_killed_apply_is_accounted_for_completed_and_undone(
    tmp_path: Path, name: str, operation: str, what: Literal["call-arrived", "call-done"]
) -> None:
    case, journal = CASES[name], tmp_path / "j"
    (tmp_path / "ecr_access.yaml").write_text(case.file)
    with serving(case.live) as ecr:
        environment = sandbox_environment(ecr)
        killer, reconcile = Killer(ecr, tmp_path, environment), runner(tmp_path, environment)
        moment = Moment(what, 1, operation)
        assert killer.run(moment, APPLY, journal) == -signal.SIGKILL
        left, writes = live_texts(ecr), {write.target: write for write in journalled(journal)}
        for target, text in left.items():
            if target.same(text, case.live[target]):
                continue
            write = writes[target]
            assert write.written is not Done.NO
            assert target.same(write.before, case.live[target])
            assert target.same(write.after, text)
        assert keeps_access(left)
        done = reconcile(*APPLY)
        assert done.code == DONE, done
        done = reconcile("rollback", "j", "--yes")
        assert done.code == DONE, done
        assert different(case.live, live_texts(ecr)) == []


@pytest.mark.parametrize("name", CASES)
def test_at_no_time_is_access_lost(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    (tmp_path / "ecr_access.yaml").write_text(case.file)
    lost: list[Call] = []
    with serving(case.live) as ecr:
        reconcile = runner(tmp_path, sandbox_environment(ecr))

        def check(call: Call) -> None:
            if call.name in WRITES and not keeps_access(live_texts(ecr)):
                lost.append(call)

        ecr.after_call(check)
        for arguments in (APPLY, ("rollback", "j", "--yes")):
            assert reconcile(*arguments).code == DONE
    assert lost == []


FAULTS_HERE = {
    name: fault
    for name, fault in FAULTS.items()
    if not fault.written_after_write
    and name not in ("new-repository-not-visible", "repository-limit")
}
"""The others are about new repositories, or about writers of repository policies."""


@pytest.mark.parametrize("name", FAULTS_HERE)
def test_apply_under_a_fault(folder: Path, name: str) -> None:
    """It tells what it did; the same command completes it, and a rollback undoes it."""
    fault = FAULTS_HERE[name]
    with serving(TO_REGISTRY.live, fault.writing) as ecr:
        done = runner(folder, sandbox_environment(ecr))(*APPLY)
        left = live_texts(ecr)
    assert done.code in fault.apply | {DONE}, done
    check_told(done.out, left)
    if "others" in name:
        return
    assert keeps_access(left)
    with serving(left) as ecr:
        reconcile = runner(folder, sandbox_environment(ecr))
        assert reconcile(*APPLY).code == DONE
        assert reconcile("drift").code == DONE
        assert reconcile("rollback", "j", "--yes").code == DONE
        assert different(TO_REGISTRY.live, live_texts(ecr)) == []


def check_told(out: str, left: Texts) -> None:
    """Check each outcome against what is live."""
    by_place = {(t.repository, t.subject): (t, text) for t, text in left.items()}
    for change in json.loads(out)["changes"]:
        target, live = by_place[change["repository"], change["subject"]]
        documents = change.get("template", change["policy"])
        before, after = (
            None if documents[side] is None else json.dumps(documents[side])
            for side in ("before", "after")
        )
        admitted = "written" in (change["error"] or "") or "may not" in (change["error"] or "")
        if change["outcome"] == "applied":
            assert target.same(live, after), change
        else:
            assert target.same(live, before) or change["outcome"] == "stale" or admitted, change


@pytest.mark.parametrize(("kind", "target"), [("registry", REGISTRY), ("template", UPDATED)])
def test_another_writers_change_is_stale_and_left_alone(
    folder: Path, kind: PolicyKind, target: Target
) -> None:
    writer = Behaviour(concurrent_write_after_reads=1, concurrent_write_to=kind)
    with serving(TO_REGISTRY.live, writer) as ecr:
        done = runner(folder, sandbox_environment(ecr))(*APPLY)
        left = live_texts(ecr)
    outcomes = {
        (c["repository"], c["subject"]): c["outcome"] for c in json.loads(done.out)["changes"]
    }
    assert done.code == PARTLY
    assert outcomes[target.repository, target.subject] == "stale"
    assert "concurrent-writer" in (left[target] or "")
    relying = {o for (_, subject), o in outcomes.items() if subject == "repository-policy"}
    assert relying == ({"skipped"} if target == REGISTRY else {"applied"})


def test_a_rollback_of_a_part_leaves_the_rest(folder: Path) -> None:
    with serving(TO_REGISTRY.live) as ecr:
        reconcile = runner(folder, sandbox_environment(ecr))
        assert reconcile(*APPLY).code == DONE
        applied = live_texts(ecr)
        calls = len(ecr.calls())
        done = reconcile("rollback", "j", "--yes", "--repository", "mobile/*")
        made = {call.name for call in ecr.calls()[calls:]}
        assert done.code == DONE, done
        left = live_texts(ecr)
    assert different({**applied, UPDATED: TO_REGISTRY.live[UPDATED]}, left) == []
    of_templates = {"DescribeRepositoryCreationTemplates", "UpdateRepositoryCreationTemplate"}
    assert made == {"GetCallerIdentity", *of_templates}
