"""Every command under every fault: it tells the truth, and once the fault is gone all is well."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.apply.journal_format import read_journal
from reconciler.model.rules import RuleId
from reconciler.registry.transport.direct_calls import WRITES_AT_ONCE as WRITERS
from reconciler.sandbox.policies.text import CONCURRENT_SID, add_concurrent_statement
from reconciler.sandbox.requests.protocol import Call
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Done, runner, sandbox_environment
from tests.cli.faults import DONE, FAILED, FAULTS, PARTLY, REFUSED, Fault
from tests.cli.mixed_registry import (
    PLAIN,
    Policies,
    different,
    is_same,
    live_policies,
    mixed_registry,
    serving,
)

OLD, MIXED_FILE = mixed_registry(7)
NEW_NAMES = ("new/a",)
NAMES = (*OLD, *NEW_NAMES)
ORIGINALS = {**OLD, **dict.fromkeys(NEW_NAMES)}
FILE = MIXED_FILE + "".join(f"  {n}: {{create: true, access: {{ci: pull}}}}\n" for n in NEW_NAMES)
WRITES = ("CreateRepository", "SetRepositoryPolicy", "DeleteRepositoryPolicy")
EXPIRED = "log in again"
ALLOWED = ("--allow-empty", "app/n03", "--allow-empty", "app/n05")
"""Somebody else may have let someone in there, where the file wants nobody."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    return tmp_path


@dataclass(frozen=True)
class Applied:
    """What a calm apply leaves, and the journal of it."""

    policies: Policies
    journal: bytes


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Applied:
    folder = tmp_path_factory.mktemp("calm")
    (folder / "ecr_access.yaml").write_text(FILE)
    with serving(OLD) as ecr:
        done = runner(folder, sandbox_environment(ecr))("apply", "--yes", "--journal", "j")
        assert done.code == DONE, done
        return Applied(live_policies(ecr, NAMES), (folder / "j").read_bytes())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What plan and drift say on a good day."""
    folder = tmp_path_factory.mktemp("good-day")
    (folder / "ecr_access.yaml").write_text(FILE)
    with serving(OLD) as ecr:
        run = runner(folder, sandbox_environment(ecr))
        return {command: run(command).out for command in ("plan", "drift")}


every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.reading])
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_reading(folder: Path, command: str, name: str, told: Mapping[str, str]) -> None:
    fault = FAULTS[name]
    with serving(OLD, fault.reading or PLAIN) as ecr:
        done = runner(folder, sandbox_environment(ecr))(command)
        calls = ecr.calls()
    assert done.code == (fault.plan if command == "plan" else fault.drift), done
    if done.code == FAILED:
        assert (done.out, EXPIRED in done.err) == ("", True)
    else:
        assert done.out == told[command]
    assert not {name for name, _ in calls} & set(WRITES)


@every_fault
def test_apply(folder: Path, fault: Fault, applied: Applied) -> None:
    apply = ("apply", "--yes", "--format", "json", "--journal", "journal", *ALLOWED)
    done, left = meet(fault, OLD, folder, apply)
    assert done.code in fault.apply, done
    with serving(left) as ecr:
        reconcile = runner(folder, sandbox_environment(ecr))
        converged = reconcile("drift") if done.code == DONE else reconcile(*apply)
        assert converged.code == DONE
        assert different(applied.policies, live_policies(ecr, NAMES)) == []
        assert reconcile("rollback", "journal", "--yes").code == DONE
        restored = live_policies(ecr, NAMES)
    others = {n: text for n, text in left.items() if _others_wrote(text)}
    assert different({**ORIGINALS, **others}, restored) == []


@every_fault
def test_rollback(folder: Path, fault: Fault, applied: Applied) -> None:
    (folder / "applied").write_bytes(applied.journal)
    rollback = ("rollback", "applied", "--yes", "--format", "json", "--journal")
    done, left = meet(fault, applied.policies, folder, (*rollback, "journal"))
    assert done.code in fault.rollback, done
    others = {n: text for n, text in left.items() if _others_wrote(text)}
    if done.code != DONE:
        with serving(left) as ecr:
            again = runner(folder, sandbox_environment(ecr))(*rollback, "again")
            left = live_policies(ecr, NAMES)
        assert again.code == fault.again, again
        findings = json.loads(again.out)["findings"]
        assert {
            f["repository"] for f in findings if f["rule"] == RuleId.CHANGED_SINCE
        } == others.keys()
    assert different({**ORIGINALS, **others}, left) == []


def meet(
    fault: Fault, policies: Policies, folder: Path, arguments: Sequence[str]
) -> tuple[Done, Policies]:
    """Run a command that writes and keeps the file `journal`, and check what it says of itself.

    Give how it ended and what it left.
    """
    journal = folder / "journal"
    unannounced: list[Call] = []

    def check_announced(call: Call) -> None:
        if call.name in WRITES and call.repository not in _begun(journal):
            unannounced.append(call)

    with serving(policies, fault.writing) as ecr:
        ecr.before_call(check_announced)
        if fault.written_after_write:
            ecr.after_call(_concurrent_writer(ecr))
        done = runner(folder, sandbox_environment(ecr))(*arguments)
        left = live_policies(ecr, NAMES)
        calls = ecr.calls()
    assert unannounced == []
    assert {repository for name, repository in calls if name in WRITES} <= _begun(journal)
    _check_told(done, policies, left)
    if fault.writing.expire_after:
        assert EXPIRED in done.out
        attempts = sum(name != "GetCallerIdentity" for name, _ in calls)
        assert attempts <= fault.writing.expire_after + min(WRITERS, len(NAMES))
    return done, left


def _check_told(done: Done, before: Policies, left: Policies) -> None:
    """Check each outcome, and the exit code, against what is live."""
    said = json.loads(done.out)
    written = False
    for change in said["changes"]:
        name, outcome, error = (change[key] for key in ("repository", "outcome", "error"))
        live, after = _own(left.get(name)), change["policy"]["after"]
        is_old = is_same(live, before.get(name))
        is_new = is_same(live, None if after is None else json.dumps(after))
        admitted = outcome == "failed" and ("written" in error or "may not" in error)
        assert is_new if outcome == "applied" else is_old or (admitted and is_new), change
        written = written or outcome == "applied" or (is_new and not is_old)
    outcomes = {change["outcome"] for change in said["changes"]}
    if outcomes == {"applied"} and not said["errors"]:
        assert done.code == DONE
    elif written:
        assert done.code == PARTLY
    else:
        assert done.code in (FAILED, REFUSED, PARTLY)


def _begun(journal: Path) -> set[str | None]:
    content = journal.read_bytes() if journal.exists() else b""
    return {write.target.repository for write in read_journal(content)}


def _concurrent_writer(ecr: Sandbox) -> Callable[[Call], None]:
    """Another writer, who changes each policy once, right after it was set."""

    def write(call: Call) -> None:
        text = ecr.policy_text(call.repository) if call.name == "SetRepositoryPolicy" else None
        if call.repository and text and not _others_wrote(text):
            role = "arn:aws:iam::111122223333:role/concurrent-writer"
            ecr.set_policy_text(call.repository, add_concurrent_statement(text, role))

    return write


def _others_wrote(text: str | None) -> bool:
    return text is not None and f'"{CONCURRENT_SID}"' in text


def _own(text: str | None) -> str | None:
    """Take away what somebody else has added."""
    if text is None or not _others_wrote(text):
        return text
    policy = json.loads(text)
    statements = [s for s in policy["Statement"] if s.get("Sid") != CONCURRENT_SID]
    return json.dumps({**policy, "Statement": statements}) if statements else None
