"""Where a journal is kept without a path for it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import ReconcileError, Remedy
from reconciler.workflow.journals import default_path

NOW = datetime(2026, 6, 1, 12, 30, 5, tzinfo=UTC)
FILE = "20260601T123005Z-111122223333-ab12.jsonl"


def path_in(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Path:
    for name in ("XDG_STATE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return default_path("111122223333", "ab12", NOW)


def test_the_default_place(monkeypatch: pytest.MonkeyPatch) -> None:
    state, home = Path("/state"), Path("/home/me")
    in_home = home / ".local" / "state" / "reconcile" / "journals" / FILE
    given = path_in(monkeypatch, XDG_STATE_HOME=str(state), HOME=str(home))
    assert given == state / "reconcile" / "journals" / FILE
    assert path_in(monkeypatch, HOME=str(home)) == in_home
    assert path_in(monkeypatch, HOME=str(home), XDG_STATE_HOME="") == in_home
    assert path_in(monkeypatch, HOME=str(home), XDG_STATE_HOME="relative") == in_home


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home(monkeypatch: pytest.MonkeyPatch, home: dict[str, str]) -> None:
    with pytest.raises(ReconcileError, match="no home directory") as raised:
        path_in(monkeypatch, **home)
    assert raised.value.remedy is Remedy.NAME_JOURNAL
