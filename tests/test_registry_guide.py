"""docs/registry.md is true: its recipes work on the embedded ECR, and print what it shows."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.access_file.files import load_access
from tests.cli.conftest import sandbox_environment
from tests.guide import BLOCK, ROOT, marked, shell, typed_all
from tests.sandbox.clients import client, keys_of, pull, put
from tests.test_readme import heading_anchors

DOCS = ROOT / "docs"
GUIDE = (DOCS / "registry.md").read_text(encoding="utf-8")
FILES = [b["mark"] for b in BLOCK.finditer(GUIDE) if (b["mark"] or "").startswith("file: ")]
BUILDS, WORKLOADS = "arn:aws:iam::777788889999:role/ci", "arn:aws:iam::444455556666:role/role2-1"
RUNTIME = "arn:aws:iam::444455556666:role/role2-2"
HERE = {"registryId": "111122223333"}
APPLY = "reconcile apply --yes --journal first.jsonl"

Shows = Callable[[str], None]
"""Runs the commands of a block, and compares what they print."""


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def shows(tmp_path: Path, ecr: Sandbox) -> Shows:
    def check(mark: str) -> None:
        shown = marked(GUIDE, mark)
        printed = shell(typed_all(shown), tmp_path, sandbox_environment(ecr))
        assert printed.splitlines() == shown.splitlines()

    return check


def use(folder: Path, name: str) -> None:
    (folder / "ecr_access.yaml").write_text(marked(GUIDE, f"file: {name}"))


def call(ecr: BaseClient, mark: str) -> None:
    """Make the call of a block of the `aws` client; the profile is the client's."""
    words = shlex.split(marked(GUIDE, f"calls: {mark}").replace("\\\n", " "))
    assert words[:2] == ["aws", "ecr"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options.pop("--profile", "registry") == mark.split(" as ")[1]
    given = {
        re.sub("-(.)", lambda found: found[1].upper(), name.removeprefix("--")): (
            json.loads(value) if value[0] in "[{" else value
        )
        for name, value in options.items()
    }
    getattr(ecr, words[2].replace("-", "_"))(**given)


def test_every_block_is_checked() -> None:
    marks = {block["mark"] for block in BLOCK.finditer(GUIDE)}
    source = Path(__file__).read_text(encoding="utf-8")
    names = {mark.split(": ", 1)[1] for mark in marks if mark}
    assert None not in marks
    assert [name for name in names if f'{name}"' not in source] == []


@pytest.mark.parametrize("mark", FILES)
def test_the_files_have_no_problems(mark: str) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert load_access(marked(GUIDE, mark).encode(), "ecr_access.yaml", now=now).problems == ()


def test_access_moves_to_the_registrys_policy(tmp_path: Path, ecr: Sandbox, shows: Shows) -> None:
    for name in ("api", "web", "worker"):
        ecr.create_repository(f"payments/{name}")
    use(tmp_path, "repositories")
    shell(APPLY, tmp_path, sandbox_environment(ecr))
    assert ecr.policy_text("payments/api")
    use(tmp_path, "moved")
    shows("output: moved")
    assert ecr.policy_text("payments/api") is None
    assert can_pull(ecr, RUNTIME, "payments/api", create=True)


def can_pull(ecr: Sandbox, role: str, name: str, *, create: bool = False) -> bool:
    if create:
        ecr.put_image(name)
    with client(ecr, keys=keys_of(ecr, role)) as puller:
        return pull(puller, name, **HERE) == ["latest"]


def test_one_file_asks_for_all_three(tmp_path: Path, ecr: Sandbox) -> None:
    use(tmp_path, "all three")
    compiled = json.loads(shell("reconcile compile", tmp_path, sandbox_environment(ecr)))
    policies = ("payments/*", "registry-policy us-west-2", "creation-template payments")
    assert [name for name in policies if not compiled[name]] == []


def test_a_push_makes_a_repository_with_access(tmp_path: Path, ecr: Sandbox, shows: Shows) -> None:
    use(tmp_path, "push")
    shows("output: push")
    with client(ecr, keys=keys_of(ecr, WORKLOADS)) as ci:
        call(ci, "push as ci")
    shows("output: pushed")
    assert can_pull(ecr, RUNTIME, "payments/new", create=True)


def replicate(ecr: Sandbox) -> None:
    ecr.create_repository("payments/api", account="777788889999")
    with client(ecr, keys=keys_of(ecr, BUILDS)) as builds:
        call(builds, "replication as builds")
        put(builds, "payments/api")


def test_a_replication_makes_a_repository(tmp_path: Path, ecr: Sandbox, shows: Shows) -> None:
    use(tmp_path, "replication")
    shows("output: replication")
    replicate(ecr)
    shows("output: replicated")
    assert ecr.repository_settings("payments/api").tag_mutability == "IMMUTABLE"
    assert can_pull(ecr, WORKLOADS, "payments/api")


def test_under_scope_v1_the_template_has_the_pulls(tmp_path: Path) -> None:
    use(tmp_path, "replication with template")
    with Sandbox(Behaviour(registry_policy_scope="V1")) as ecr:
        printed = shell(APPLY, tmp_path, sandbox_environment(ecr))
        assert "Apply: 2 applied" in printed, printed
        replicate(ecr)
        assert ecr.policy_text("payments/api")
        assert can_pull(ecr, WORKLOADS, "payments/api")


def test_under_scope_v1_a_cache_needs_a_template_too(tmp_path: Path) -> None:
    replication = marked(GUIDE, "file: replication with template")
    cache = replication.replace("payments/", "quay/").replace(
        "[replication]", "[pull-through-cache]"
    )
    (tmp_path / "ecr_access.yaml").write_text(
        cache.replace("builds: replicate", "workloads: cache")
    )
    with Sandbox(Behaviour(registry_policy_scope="V1")) as ecr:
        shell(APPLY, tmp_path, sandbox_environment(ecr))
        with client(ecr) as registry:
            call(registry, "cache as registry")
        assert can_pull(ecr, WORKLOADS, "quay/prometheus/prometheus")


def test_a_pull_through_a_cache(tmp_path: Path, ecr: Sandbox, shows: Shows) -> None:
    use(tmp_path, "cache")
    shows("output: cache")
    with client(ecr) as registry:
        call(registry, "cache as registry")
    with client(ecr, keys=keys_of(ecr, WORKLOADS)) as workloads:
        call(workloads, "pull as workloads")
    shows("output: pulled")
    assert can_pull(ecr, WORKLOADS, "quay/prometheus/prometheus")


def test_links_lead_somewhere() -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", GUIDE):
        text = (DOCS / target).read_text(encoding="utf-8") if target else GUIDE
        assert not anchor or anchor in heading_anchors(text), anchor
