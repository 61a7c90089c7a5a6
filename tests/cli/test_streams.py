"""Standard streams that are closed, full, cut off or slow; and options that name nothing."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import A, B, journal
from tests.cli.conftest import SEED, Done, Reconcile, clean_environment, sandbox_environment

NO_SPACE = "error: the output can't be written: No space left on device\n"
NOT_ASKED = "refused: confirmation required, but stdin is not a terminal; pass --yes\n"
MANY = [f"app/n{number:02}" for number in range(20)]

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full, or small pipes")
closing = pytest.mark.parametrize("closed", [">&-", "<&- 2>&-"])


def in_shell(
    folder: Path,
    ecr: Sandbox | None,
    script: str,
    *arguments: str,
    out: int = subprocess.PIPE,
    err: int = subprocess.PIPE,
    **variables: str,
) -> Done:
    """Run `reconcile` as the `"$@"` of a shell script, which may lead its streams elsewhere."""
    environment = clean_environment() if ecr is None else sandbox_environment(ecr)
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**environment, "XDG_STATE_HOME": str(folder / ".state"), **variables},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    told = done.stderr or ""
    assert not [sign for sign in ("a bug", "Traceback", "Exception ignored") if sign in told], told
    return Done(done.returncode, done.stdout or "", told)


@contextmanager
def unread() -> Iterator[int]:
    """Give the writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def is_applied(ecr: Sandbox) -> bool:
    return ecr.policy_text("payments/api") is not None


@closing
def test_a_plan_with_closed_streams(folder: Path, ecr: Sandbox, closed: str) -> None:
    done = in_shell(folder, ecr, f'"$@" {closed}', "plan", "--exit-code")
    assert (done.code, done.err) == (4, "")
    assert ("payments/api" in done.out) == (closed != ">&-")


@closing
def test_an_unsure_apply_with_closed_streams(folder: Path, ecr: Sandbox, closed: str) -> None:
    done = in_shell(folder, ecr, f'"$@" {closed}', "apply")
    assert (done.code, is_applied(ecr)) == (5, False)
    assert done.err.endswith(NOT_ASKED if closed == ">&-" else "")
    assert ("payments/api" in done.out) == (closed != ">&-")


@closing
def test_an_invalid_file_with_closed_streams(folder: Path, closed: str) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("runtime: pull", "runtime: pulll"))
    done = in_shell(folder, None, f'"$@" {closed}', "validate")
    assert done.code == 3
    assert ("'pulll'" in done.out) == (closed != ">&-")


@on_linux
@pytest.mark.parametrize("command", ["plan", "validate"])
def test_what_could_not_be_shown_has_failed(folder: Path, ecr: Sandbox, command: str) -> None:
    assert in_shell(folder, ecr, '"$@" >/dev/full', command) == Done(1, "", NO_SPACE)


@on_linux
def test_an_apply_whose_report_finds_no_space(folder: Path, ecr: Sandbox) -> None:
    done = in_shell(folder, ecr, '"$@" >/dev/full', "apply", "--yes", "--format", "json")
    assert done.code == 1
    assert done.err.endswith(NO_SPACE)
    assert is_applied(ecr)


def test_an_apply_whose_report_nobody_reads(folder: Path, ecr: Sandbox) -> None:
    with unread() as nobody:
        done = in_shell(folder, ecr, '"$@"', "apply", "--yes", "--format", "json", out=nobody)
    assert done.code == 0
    assert "to undo: reconcile rollback" in done.err
    assert is_applied(ecr)


@on_linux
def test_an_apply_whose_notes_find_no_space(folder: Path, ecr: Sandbox) -> None:
    done = in_shell(folder, ecr, '"$@" 2>/dev/full', "apply", "--yes")
    assert (done.code, is_applied(ecr)) == (0, True)
    assert "payments/api" in done.out


def test_a_refused_apply_whose_notes_nobody_reads(folder: Path, ecr: Sandbox) -> None:
    with unread() as nobody:
        done = in_shell(folder, ecr, '"$@"', "apply", err=nobody)
    assert (done.code, is_applied(ecr)) == (5, False)
    assert "payments/api" in done.out


@pytest.mark.parametrize("command", ["plan", "apply --yes"])
def test_a_plan_of_which_a_part_was_shown(folder: Path, ecr: Sandbox, command: str) -> None:
    entries = "".join(f"  {name}:\n    access: {{ci: pull, runtime: pull}}\n" for name in MANY)
    (folder / "ecr_access.yaml").write_text(SEED.split("  payments/api")[0] + entries)
    for name in MANY:
        ecr.create_repository(name)
    done = in_shell(
        folder,
        ecr,
        'ulimit -f 1; "$@" >shown',
        *command.split(),
        "--no-group",
        PYTHONUNBUFFERED="1",  # then a write may take a part of the text
        PYTHONDONTWRITEBYTECODE="1",  # what Python caches would be cut off, too
    )
    assert (done.code, done.err) == (1, "error: the output can't be written: File too large\n")
    assert (folder / "shown").read_text().startswith("app/n00 ")
    assert "SetRepositoryPolicy" not in {call.name for call in ecr.calls()}


def is_over(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process has ended, or ends in a moment in which it fills any small pipe."""
    try:
        process.wait(timeout=0.02)
    except subprocess.TimeoutExpired:
        return False
    return True


@on_linux
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_is_not_ready_gets_all_of_it(folder: Path, unbuffered: str) -> None:
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "schema"],
        cwd=folder,
        env={**clean_environment(), "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    os.set_blocking(reading, False)
    text = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while not is_over(process):
            text += pipe.read(size) or b""
        text += pipe.read(size) or b""
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0
    assert len(text) > 2 * size
    assert json.loads(text)["$schema"]


def test_a_wait_that_is_no_number(offline: Reconcile) -> None:
    done = offline("apply", "--wait", "nan")
    assert (done.code, done.out) == (2, "")
    assert "nan is not a number of seconds" in done.err


@pytest.mark.parametrize("command", ["plan", "apply --yes"])
def test_a_repository_that_nothing_has(reconcile: Reconcile, ecr: Sandbox, command: str) -> None:
    done = reconcile(*command.split(), "--repository", "payments/*", "--repository", "typo/x")
    message = "--repository typo/x: neither the file nor the registry has such a repository"
    assert done == Done(2, "", f"error: {message}\n")
    assert not is_applied(ecr)


def test_a_repository_that_the_journal_has_not(folder: Path, offline: Reconcile) -> None:
    (folder / "kept.jsonl").write_bytes(journal([(A, B, "applied")]))
    done = offline("rollback", "kept.jsonl", "--yes", "--repository", "typo/x")
    message = "--repository typo/x: the journal has no such repository"
    assert done == Done(2, "", f"error: {message}\n")


def test_a_pattern_and_an_allowance_that_nothing_needs(reconcile: Reconcile) -> None:
    done = reconcile("plan", "--repository", "typo/*", "--allow-empty", "typo/x")
    assert (done.code, done.err) == (0, "--allow-empty typo/x has no effect on this plan\n")
    assert "typo/* (us-west-2): finding: nothing-selected: neither the file nor" in done.out
