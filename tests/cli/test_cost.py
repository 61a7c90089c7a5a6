"""What an apply costs in calls, and that being throttled costs time alone."""

import json
from collections import Counter
from pathlib import Path

from reconciler.sandbox.behaviour import Behaviour
from tests.cli.conftest import runner, sandbox_environment
from tests.cli.mixed_registry import different, live_policies, mixed_registry, serving

REPOSITORIES = 20


def test_safety_costs_two_reads_of_what_changes_and_none_of_what_does_not(tmp_path: Path) -> None:
    originals, file = mixed_registry(REPOSITORIES)
    (tmp_path / "ecr_access.yaml").write_text(file)
    with serving(originals) as ecr:
        done = runner(tmp_path, sandbox_environment(ecr))("apply", "--yes", "--format", "json")
        calls = Counter(ecr.calls())
        live = live_policies(ecr, originals)
    assert done.code == 0, done
    changed = {change["repository"] for change in json.loads(done.out)["changes"]}
    assert changed == set(different(originals, live))
    assert 0 < len(changed) < REPOSITORIES
    reads = {name: calls["GetRepositoryPolicy", name] for name in originals}
    assert reads == {name: 3 if name in changed else 1 for name in originals}
    writes = ("SetRepositoryPolicy", "DeleteRepositoryPolicy")
    written = Counter(name for call, name in calls.elements() if call in writes)
    assert written == Counter(changed)


def test_a_throttled_apply_leaves_nothing_undone(tmp_path: Path) -> None:
    originals, file = mixed_registry(REPOSITORIES)
    (tmp_path / "ecr_access.yaml").write_text(file)
    worked: list[str] = []
    with serving(originals, Behaviour(throttle_rate=20, throttle_burst=10)) as ecr:
        ecr.after_call(lambda call: worked.append(call.name))
        reconcile = runner(tmp_path, sandbox_environment(ecr))
        done = reconcile("apply", "--yes", "--format", "json")
        asked = [call.name for call in ecr.calls() if call.name != "GetCallerIdentity"]
    assert done.code == 0, done
    assert {change["outcome"] for change in json.loads(done.out)["changes"]} == {"applied"}
    assert len(worked) < len(asked), "nothing was throttled"
