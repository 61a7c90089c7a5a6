import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.registry.pace import Pace

from .scripted_aws import ScriptedAws, serving


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No setting of the machine's own reaches a test."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture
def credentials(clean_environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    clean_environment.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    clean_environment.setenv("AWS_SECRET_ACCESS_KEY", "example")
    return clean_environment


@pytest.fixture
def aws(credentials: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    with serving() as scripted:
        credentials.setenv("AWS_ENDPOINT_URL", scripted.url)
        yield scripted


@pytest.fixture
def pace() -> Pace:
    """A pace on a clock that moves by its sleeping only."""
    now = [0.0]
    lock = threading.Lock()

    async def sleep(seconds: float) -> None:
        with lock:
            now[0] += seconds

    return Pace(clock=lambda: now[0], sleep=sleep)
