"""The file and the live registry put together, without I/O."""

from datetime import UTC, datetime

import pytest

from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    RegistryScope,
    registry_target,
)
from reconciler.workflow.plans.planner import plan_each
from tests.access_file.files import load_access

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2], probe_repository: scratch/probe}
repositories: {"scratch/*": {access: {}}}
"""
MANAGED = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
repositories: {"*": {via: registry-policy, access: {"444455556666": pull}}}
"""


@pytest.mark.parametrize("globs", [(), ("*",), ("scratch/probe",)])
def test_the_probe_repository_is_neither_managed_nor_unmanaged(globs: tuple[str, ...]) -> None:
    access = load_access(FILE, "f.yaml", now=NOW).parts[0]
    assert access is not None
    one = "scratch/one"
    names = ("other", one, "scratch/probe")
    scope = RegistryScope("111122223333", "us-west-2")
    live = LiveRegistry(scope, names, {one: LiveRepository(one, None)})
    plan = plan_each(access, [live], NOW, globs)[scope]
    assert (plan.changes, plan.errors, plan.findings) == ((), (), ())
    assert {target.repository for target in plan.unmanaged} <= {"other"}


@pytest.mark.parametrize(
    ("globs", "is_planned"),
    [
        ((), True),
        (("*",), True),
        (("app", "**"), True),
        (("?",), False),
        (("?*",), False),
        (("app/*",), False),
        (("",), False),
    ],
)
def test_the_registrys_policy_is_selected_with_all_repositories(
    globs: tuple[str, ...], is_planned: bool
) -> None:
    """Its change is judged over all of them."""
    access = load_access(MANAGED, "f.yaml", now=NOW).parts[0]
    scope = RegistryScope("111122223333", "us-west-2")
    live = LiveRegistry(
        scope,
        ("app",),
        {"app": LiveRepository("app", None)},
        policy=LiveRegistryPolicy(None, "V2"),
        templates=(),
    )
    changes = plan_each(access, [live], NOW, globs)[scope].changes
    assert [change.target for change in changes] == [registry_target(scope)] * is_planned
