"""The file and the live registry put together, without I/O."""

from datetime import UTC, datetime

import pytest

from reconciler.access_file.load import load_access
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope
from reconciler.workflow.planner import plan_registries

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2], probe_repository: scratch/probe}
repositories: {"scratch/*": {access: {}}}
"""


@pytest.mark.parametrize("globs", [(), ("*",), ("scratch/probe",)])
def test_the_probe_repository_is_neither_managed_nor_unmanaged(globs: tuple[str, ...]) -> None:
    access = load_access(FILE, "f.yaml", now=NOW).parts[0]
    assert access is not None
    one = "scratch/one"
    names = ("other", one, "scratch/probe")
    scope = RegistryScope("111122223333", "us-west-2")
    live = LiveRegistry(scope, names, {one: LiveRepository(one, None)})
    plan = plan_registries(access, [live], NOW, globs)
    assert (plan.changes, plan.errors, plan.findings) == ((), (), ())
    assert {target.repository for target in plan.unmanaged} <= {"other"}
