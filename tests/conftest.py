"""Settings of all tests: what is covered and collected, and signals for processes."""

import gc
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests import browser
from tests.browser import Tab
from tests.effort import examples

COVERING = ("policy", "plan", "adopt", "test_cases.py")
"""What alone reaches every branch of policy/, plan/ and adopt/."""

NOT_COVERING = ("test_door", "test_hostile")
"""Modules in there that take long and reach no branch that the others do not."""

LONG = ("test_terraform", "test_wheel", "test_site", "test_aws_client", "test_first_change",
        "test_install", "test_settings", "test_quick_start", "test_hooks")  # fmt: skip
"""Modules with tests of ten seconds or more."""

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


gc.disable()  # while modules are loaded and tests collected, hardly anything becomes garbage


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Load no module without covering tests where those alone are asked for."""
    alone = config.getoption("markexpr") == "covering"
    return True if alone and place_of(collection_path)[0] not in ("", *COVERING) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests whose coverage is counted, which makes a test two to three times as slow.

    What is drawn at random is not counted: it differs from run to run. Nor is what reaches no
    branch of its own: NOT_COVERING.
    """
    folder, name = place_of(item.path)[0], item.path.stem
    random = is_hypothesis_test(getattr(item, "obj", None)) or name.startswith("test_oracle")
    if folder in COVERING and name not in NOT_COVERING and not random:
        item.add_marker("covering")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: at the end, all other workers would wait for it."""
    items.sort(key=lambda item: item.path.stem not in LONG)


def pytest_collection_finish() -> None:
    """Collect garbage again, but never look at the modules and tests: they stay until the end."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@cache
def place_of(path: Path) -> tuple[str, ...]:
    """The parts of a path below `tests`; of `tests` itself, an empty one."""
    return path.relative_to(Path(__file__).parent).parts or ("",)


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
