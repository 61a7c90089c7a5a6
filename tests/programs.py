"""Programs of the system that some tests run."""

import os
import shutil

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where this program is not installed, unless all of them have to be."""
    return pytest.mark.skipif(
        shutil.which(program) is None and os.environ.get("RECONCILE_TEST_PROGRAMS") != "required",
        reason=f"{program} is not installed",
    )
