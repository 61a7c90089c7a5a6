"""Settings of all tests: what is covered, no times for properties, and signals for processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests import browser
from tests.browser import Tab
from tests.effort import examples

COVERING = ("policy", "plan", "adopt", "test_cases.py")
"""What alone reaches every branch of policy/, plan/ and adopt/."""

settings.register_profile(
    "untimed", examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")

# What is ignored here, each process would inherit: SIGINT in a background job of a shell without
# job control, SIGHUP under `nohup`.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests whose coverage is counted, which makes a test two to three times as slow.

    What is drawn at random is not counted: it differs from run to run.
    """
    place = item.path.relative_to(Path(__file__).parent)
    random = is_hypothesis_test(getattr(item, "obj", None)) or place.stem.startswith("test_oracle")
    if place.parts[0] in COVERING and not random:
        item.add_marker("covering")


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """A headless browser; without one, the test is skipped."""
    command = browser.found()
    if command is None and os.environ.get(browser.REQUIRED) == "required":
        pytest.fail(f"no browser, and {browser.REQUIRED} says that there must be one")
    if command is None:
        pytest.skip(f"no browser: none of {', '.join(browser.NAMES)} is installed")
    with browser.browser(command) as opened:
        yield opened
