"""Ctrl-C and SIGTERM: reading ends at once; writes under way are finished and told."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.terminal import wait_for_line
from reconciler.registry.transport.direct_calls import WRITES_AT_ONCE as WRITERS
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, clean_environment, sandbox_environment
from tests.cli.killing import wait_while

REPOSITORIES = [f"app/n{number:02}" for number in range(12 + WRITERS)]
"""More than are written at the same time."""

PROBE = "  probe_repository: scratch/probe\n"


def start(
    folder: Path,
    ecr: Sandbox,
    *arguments: str,
    settings: str = "",
    tty: str | None = None,
) -> subprocess.Popen[str]:
    """Start `reconcile`, with settings of the registry; its stdin and stderr may be a terminal."""
    entries = "".join(
        f"  {name}:\n    access: {{ci: pull, runtime: pull}}\n" for name in REPOSITORIES
    )
    seed = SEED.replace("  regions:", f"{settings}  regions:").split("  payments/api")[0]
    (folder / "ecr_access.yaml").write_text(seed + entries)
    # Whoever leads a session and opens a terminal gets the Ctrl-C that is typed there.
    shell = () if tty is None else ("sh", "-c", 'exec "$@" <"$0" 2>"$0"', tty)
    return subprocess.Popen(
        [*shell, sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={
            **sandbox_environment(ecr),
            "PYTHONUNBUFFERED": "1",
            "XDG_STATE_HOME": str(folder / ".state"),
        },
        start_new_session=tty is not None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def outcomes_of(report: str) -> dict[str, str]:
    return {change["repository"]: change["outcome"] for change in json.loads(report)["changes"]}


def are_applied(ecr: Sandbox) -> dict[str, bool]:
    return {name: ecr.policy_text(name) is not None for name in REPOSITORIES}


def wait_for(ecr: Sandbox, call: str, process: subprocess.Popen[str]) -> None:
    """Wait until a call has arrived, which the process must not end without."""

    def is_to_come() -> bool:
        if call in {name for name, _ in ecr.calls()}:
            return False
        assert process.poll() is None, process.communicate()
        return True

    wait_while(is_to_come)


def interrupted_at(module: str, *command: str) -> tuple[int, list[str]]:
    """Send SIGINT when a module is imported; return the exit code and what was written."""
    with subprocess.Popen(
        command,
        env={**clean_environment(), "PYTHONPROFILEIMPORTTIME": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.endswith(f" {module}\n"):
                process.send_signal(signal.SIGINT)
                break
        written = process.stderr.read().splitlines()
    return process.returncode, [one for one in written if not one.startswith("import time:")]


@pytest.mark.parametrize(
    "command",
    [(sys.executable, "-m", "reconciler"), (str(Path(sys.executable).parent / "reconcile"),)],
)
@pytest.mark.parametrize("imported", ["reconciler.errors", "typer"])
def test_a_ctrl_c_during_the_imports_ends_it_silently(
    command: tuple[str, ...], imported: str
) -> None:
    assert interrupted_at(imported, *command, "sandbox") == (-signal.SIGINT, [])


def test_a_ctrl_c_while_a_command_is_imported_is_told() -> None:
    command = (sys.executable, "-m", "reconciler", "plan")
    assert interrupted_at("reconciler.policy", *command) == (1, ["interrupted"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_plan_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(Behaviour(latency=0.3)) as ecr:
        process = start(tmp_path, ecr, "plan")
        wait_for(ecr, "DescribeRepositories", process)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "", "interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_apply_finishes_and_tells(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(Behaviour(latency=0.2)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json")
        wait_for(ecr, "SetRepositoryPolicy", process)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
        results = outcomes_of(out)
        live = are_applied(ecr)
    assert process.returncode == 6
    assert "no more are begun" in err
    assert set(results.values()) == {"applied", "skipped"}
    assert live == {name: result == "applied" for name, result in results.items()}


def read_until(terminal: int, end: str) -> str:
    """Read what is shown on a terminal until a text comes, or nothing more does for long."""
    shown = ""
    while end not in shown and select.select([terminal], [], [], 20)[0]:
        shown += os.read(terminal, 4096).decode()
    return shown


def pressing_again_and_again(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Send SIGINT every few milliseconds until the process is gone; give what it wrote."""
    while True:
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=0.003)
        except subprocess.TimeoutExpired:
            pass


def test_an_impatient_ctrl_c_loses_nothing(tmp_path: Path) -> None:
    with Sandbox(Behaviour(latency=0.1)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json")
        wait_for(ecr, "SetRepositoryPolicy", process)
        out, err = pressing_again_and_again(process)
        live = are_applied(ecr)
    assert process.returncode == 6, err
    assert err.count("no more are begun") == 1
    assert "Traceback" not in err
    assert live == {name: result == "applied" for name, result in outcomes_of(out).items()}


def test_who_still_presses_after_a_while_ends_it_as_it_is() -> None:
    """In a process of its own, whose clock is moved on between the signals."""
    script = """
import signal
from reconciler.cli.signals import FORCE_AFTER, hold_signals
now = 0.0
asked = hold_signals(lambda: now)
signal.raise_signal(signal.SIGTERM)
now = FORCE_AFTER
signal.raise_signal(signal.SIGTERM)
print(asked(), flush=True)
now += 0.1
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "True\n")
    assert done.stderr.count("no more are begun") == 1


def test_a_run_whose_last_writes_were_under_way_is_no_success(tmp_path: Path) -> None:
    with Sandbox(Behaviour(latency=0.3)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        arguments = ("apply", "--yes", "--format", "json", "--repository", REPOSITORIES[0])
        process = start(tmp_path, ecr, *arguments)
        wait_for(ecr, "SetRepositoryPolicy", process)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, outcomes_of(out)) == (1, {REPOSITORIES[0]: "applied"})


def test_a_terminal_that_goes_away_takes_no_report_with_it(tmp_path: Path) -> None:
    terminal, tty = pty.openpty()
    with Sandbox(Behaviour(latency=0.3)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json", tty=os.ttyname(tty))
        wait_for(ecr, "SetRepositoryPolicy", process)
        os.close(tty)
        os.close(terminal)
        out, _ = process.communicate(timeout=60)
        live = are_applied(ecr)
    results = outcomes_of(out)
    assert set(results.values()) <= {"applied", "skipped"}
    assert live == {name: result == "applied" for name, result in results.items()}


def test_a_ctrl_c_that_ends_the_reader_of_the_notes_too(tmp_path: Path) -> None:
    with Sandbox(Behaviour(latency=0.1)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json")
        wait_for(ecr, "SetRepositoryPolicy", process)
        assert process.stderr is not None
        process.stderr.close()
        process.stderr = None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        live = are_applied(ecr)
    assert process.returncode == 6
    assert set(outcomes_of(out).values()) == {"applied", "skipped"}
    assert live == {name: result == "applied" for name, result in outcomes_of(out).items()}


def test_a_ctrl_c_ends_the_wait_for_a_new_role(tmp_path: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        for name in (*REPOSITORIES, "scratch/probe"):
            ecr.create_repository(name)
        options = ("--yes", "--format", "json", "--wait", "600")
        process = start(tmp_path, ecr, "apply", *options, settings=PROBE)
        wait_for(ecr, "SetRepositoryPolicy", process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        probed = [call for call in ecr.calls() if call.repository == "scratch/probe"]
    assert process.returncode == 1
    assert set(outcomes_of(out).values()) <= {"failed", "skipped"}
    assert "no more are begun" in err
    assert probed == []


def test_a_ctrl_c_at_the_prompt_interrupts(tmp_path: Path) -> None:
    terminal, tty = pty.openpty()
    with Sandbox() as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", tty=os.ttyname(tty))
        shown = read_until(terminal, "[y/N] ")
        os.write(terminal, b"\x03")
        answer = read_until(terminal, "written")
        out, _ = process.communicate(timeout=60)
        live = are_applied(ecr)
    os.close(terminal)
    os.close(tty)
    assert process.returncode == 1
    assert shown.index(REPOSITORIES[-1]) < shown.index("Apply these changes?")
    assert "\r\ninterrupted; nothing was written" in answer
    assert REPOSITORIES[-1] in out
    assert not any(live.values())


def test_a_ctrl_c_is_not_told_on_the_line_of_the_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal, tty = pty.openpty()
    with Sandbox(Behaviour(latency=1.0)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json", tty=os.ttyname(tty))
        read_until(terminal, "applying")
        wait_for(ecr, "SetRepositoryPolicy", process)
        os.write(terminal, b"\x03")
        shown = read_until(terminal, "as it is")
        process.communicate(timeout=60)
    os.close(terminal)
    os.close(tty)
    assert "\r\x1b[2Kstopping: " in shown
    assert process.returncode == 6


def test_a_signal_just_before_the_wait_for_an_answer_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handled = []
    select_now = select.select

    def select_late(*streams: list[int]) -> tuple[list[int], list[int], list[int]]:
        signal.raise_signal(signal.SIGINT)
        ready = select_now(*streams, 20)
        assert ready != ([], [], []), "it went on waiting"
        return ready

    before = signal.signal(signal.SIGINT, lambda number, _frame: handled.append(number))
    monkeypatch.setattr("select.select", select_late)
    reading, writing = os.pipe()
    try:
        with os.fdopen(reading) as silent:
            wait_for_line(silent)
    finally:
        os.close(writing)
        signal.signal(signal.SIGINT, before)
    assert handled == [signal.SIGINT]
