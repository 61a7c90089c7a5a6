"""What the default listener writes to the log."""

import logging
from pathlib import Path

import pytest

from reconciler.workflow import LogListener
from reconciler.workflow.listener import AssumingRole, JournalStarted


def test_text_from_outside_is_logged_without_control_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="reconciler")
    LogListener().notify(AssumingRole("role/\x1b[31m\nroot: fine"))
    LogListener().notify(JournalStarted(Path("a\x1bb")))
    assert len(caplog.messages) == 2
    assert not {"\x1b", "\n"} & set("".join(caplog.messages))
