"""Saved plans: as files, and worked out anew before anything is written."""

import json
import os
import resource
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.desired import compile_desired, desired_policies
from reconciler.errors import InvalidError, ReconcileError, RefusedError, Remedy, UsageError
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    RegistryScope,
)
from reconciler.model.rules import RuleId
from reconciler.plan.compute import compute_plan
from reconciler.plan.model import Plan
from reconciler.plan.saved.parts import digest_of
from reconciler.policy.language.document import Unreadable
from reconciler.report.plans.plan_json import render_drift_json, render_plan_json
from reconciler.report.plans.plan_view import view_drift, view_plan
from reconciler.workflow.file.origin_and_names import names_of_file
from reconciler.workflow.file.source import AccessSource
from reconciler.workflow.plans.planner import plan_all, plan_each
from reconciler.workflow.plans.saved_plans import (
    MAX_PLAN,
    StoredPlan,
    read_plan,
    recompute,
    write_plan_file,
)
from tests.access_file.files import load_access
from tests.golden import (
    CASES,
    NOW,
    case_folders,
    is_limited,
    origin,
    planned,
    planning,
    registry_policy,
)
from tests.plan.saving import JSON, places, put, read
from tests.policy.making import Json, deny, doc

CASE = CASES / "keep-others"
FILE = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1]}
principals: {ci: "arn:aws:iam::444455556666:role/ci"}
repositories:
  "team/*": {access: {ci: {tier: pull, until: 2026-06-10}}}
  team/new: {create: true, settings: {tag_mutability: immutable}, access: {ci: push}}
  team/bare: {create: true, access: {}, inherit: false}
  team/off: {access: {}, inherit: false}
"""
LIVE = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
    '"Action": "ecr:PutImage"}]}'
)


def source_of(content: bytes = FILE) -> AccessSource:
    loaded = load_access(content, "ecr_access.yaml", now=NOW)
    assert loaded.parts, loaded.problems
    return AccessSource(loaded.parts, "ecr_access.yaml", content, NOW, loaded)


def made(source: AccessSource) -> Plan:
    """Plan every kind of change: a policy set and deleted, a repository made with one and none."""
    fraction = LIVE.replace("}]", ', "Condition": {"NumericLessThan": {"aws:a": 1.50}}}]')
    live = {
        "team/a": LIVE,
        "team/fraction": fraction,
        "team/bad": "{not understood}",
        "team/off": LIVE,
        "team/none": None,
    }
    read_ = {name: LiveRepository(name, text) for name, text in live.items()}
    scopes = [RegistryScope("111122223333", region) for region in source.parts[0].registry.regions]
    registries = [LiveRegistry(scope, (*sorted(live), "x"), read_) for scope in scopes]
    return plan_all(source, registries)


def text_of(plan: Plan, source: AccessSource) -> str:
    return "".join(render_plan_json(view_plan(plan, names_of_file(source)), origin(source)))


def stored(text: str) -> StoredPlan:
    return StoredPlan(read(text), None)


def forged(text: str, edit: Callable[[Json], object]) -> str:
    """Edit a plan, and put the digest right."""
    document = json.loads(text)
    edit(document)
    return json.dumps({**document, "digest": digest_of(document)})


def fresh(scope: RegistryScope, policy: LiveRegistryPolicy | None) -> LiveRegistry:
    return LiveRegistry(scope, (), {}, policy=policy)


def own_policies(folder: Path, source: AccessSource) -> dict[RegistryScope, LiveRegistry]:
    """The registry's own policy of a case, in each region."""
    names = tuple(sorted(json.loads((folder / "live.json").read_text())))
    policy = registry_policy(folder / "registry.json")
    return {scope: LiveRegistry(scope, names, {}, policy=policy) for scope in source.scopes}


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_a_saved_plan_is_worked_out_as_the_same(folder: Path) -> None:
    source, plan = planned(folder)
    text = (folder / "plan.json").read_text()
    plan_of = planning(folder) if is_limited(folder) else compute_plan
    again = recompute(stored(text), source, own_policies(folder, source), plan_of)
    causes = plan.causes if is_limited(folder) else None
    assert text_of(again, source) == text_of(plan._replace(causes=causes), source)
    assert [c.access for c in again.changes] == [c.access for c in plan.changes]
    figures = [(c.target, c.revoked, c.granted, c.emptied, c.lasting) for c in again.changes]
    assert figures == [(c.target, c.revoked, c.granted, c.emptied, c.lasting) for c in plan.changes]
    assert (again.in_sync, again.live_grants) == (plan.in_sync, plan.live_grants)
    assert (again.findings, again.errors, again.violations) == (
        plan.findings,
        plan.errors,
        plan.violations,
    )


def test_every_kind_of_change_is_worked_out_as_the_same() -> None:
    source = source_of()
    plan = made(source)
    unreadable = {c.target.repository for c in plan.changes if isinstance(c.before, Unreadable)}
    assert unreadable == {"team/bad"}
    kinds = [(c.target.repository, c.change, c.after_text is None) for c in plan.changes]
    assert {kind[1:] for kind in kinds} == {
        ("set", False),
        ("delete", True),
        ("create", False),
        ("create", True),
    }
    again = recompute(stored(text_of(plan, source)), source, {})
    assert text_of(again, source) == text_of(plan, source)
    assert [c.settings for c in again.changes] == [c.settings for c in plan.changes]
    assert again.unmanaged[0].repository == "x"


def test_a_break_by_the_registrys_policy_is_judged_anew_only_where_that_is_read() -> None:
    folder = CASES / "registry-policy"
    source, plan = planned(folder)
    saved = stored((folder / "plan.json").read_text())
    changed = {change.target for change in plan.changes}
    of_changed = tuple(broken for broken in plan.violations if broken.target in changed)
    of_others = tuple(broken for broken in plan.violations if broken.target not in changed)
    assert of_changed
    assert of_others
    (scope,) = source.parts[0].registry.scopes
    denied = ReadFailure(RuleId.ACCESS_DENIED, "not allowed")
    gone = fresh(scope, LiveRegistryPolicy(None))
    unread = fresh(scope, LiveRegistryPolicy(denied))
    assert recompute(saved, source, {scope: gone}).violations == of_others
    assert recompute(saved, source, {}).violations == plan.violations
    again = recompute(saved, source, {scope: unread})
    assert again.violations == plan.violations
    assert [f.rule for f in again.findings if f not in plan.findings] == [
        RuleId.REGISTRY_POLICY_UNREAD
    ]


MANAGED = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
principals: {anyone: {public: true}}
guards: {public: {allow: [site]}}
unmanaged: {registry_statements: remove}
repositories:
  site: {access: {anyone: pull}}
  "team/*": {access: {"444455556666": pull, "777788889999": pull}}
registry_statements:
  - Effect: Deny
    Principal: "*"
    Action: ecr:BatchGetImage
    Resource: arn:aws:ecr:us-west-2:111122223333:repository/team/*
    Condition: {Bool: {"aws:SecureTransport": "false"}}
"""


def test_a_change_of_the_registrys_policy_is_judged_with_repositories_in_sync() -> None:
    source = source_of(MANAGED)
    (scope,) = source.parts[0].registry.scopes
    names, access = ("site", "team/a", "team/b"), source.parts[0]
    policies = {
        one.repository: compile_desired(access, one)
        for one in desired_policies(access, names, now=NOW)
    }
    read_ = {name: LiveRepository(name, text) for name, text in policies.items()}
    closed = doc({**deny("*", "ecr:*"), "Resource": "*"})
    live = LiveRegistry(scope, names, read_, policy=LiveRegistryPolicy(closed, "V2"))
    for before, revoked, opened in ((None, 4, 0), (closed, 0, 1)):
        policy = LiveRegistryPolicy(before, "V2")
        plan = plan_each(access, [live._replace(policy=policy)], NOW)[scope]
        (change,) = plan.changes
        assert (change.revoked, len([r for r in change.risks if r.on == "site"])) == (
            revoked,
            opened,
        )
        anew = {scope: LiveRegistry(scope, names, read_, policy=policy)}
        (again,) = recompute(stored(text_of(plan, source)), source, anew).changes
        assert (again.revoked, again.granted, again.risks) == (
            change.revoked,
            change.granted,
            change.risks,
        )


def test_a_failure_to_read_the_registrys_policy_is_not_lost() -> None:
    source = source_of()
    failed = LiveRegistryPolicy(ReadFailure(RuleId.READ_FAILED, "no connection"))
    policies = {scope: fresh(scope, failed) for scope in source.scopes}
    again = recompute(stored(text_of(made(source), source)), source, policies)
    assert [error.target.repository for error in again.errors] == ["*", "*"]


def test_a_part_of_the_repositories_stays_a_part() -> None:
    source = source_of()
    plan = made(source)
    for changes in ((), plan.changes[:1], plan.changes[1:2], plan.changes[-1:]):
        part = stored(text_of(plan._replace(changes=changes), source))
        again = recompute(part, source, {}).changes
        assert [(c.target, c.access, c.after_text) for c in again] == [
            (c.target, c.access, c.after_text) for c in changes
        ]


def _first(plan: Json) -> Json:
    return plan["changes"][0]


def _add_action(plan: Json) -> None:
    _first(plan)["policy"]["after"]["Statement"][0]["Action"] = "ecr:*"


def _invent(plan: Json) -> None:
    plan["changes"].append({**_first(plan), "repository": "nobodys"})


def _make_instead(plan: Json) -> None:
    settings = {
        "tag_mutability": "MUTABLE", "scan_on_push": False, "encryption": "AES256",
        "kms_key": None, "tags": {},
    }  # fmt: skip
    policy = {**_first(plan)["policy"], "before": None}
    _first(plan).update(change="create", policy=policy, settings=settings)


def _delete_instead(plan: Json) -> None:
    _first(plan)["change"] = "delete"
    _first(plan)["policy"]["after"] = None


def _forget_before(plan: Json) -> None:
    _first(plan)["policy"]["before"] = None


@pytest.mark.parametrize(
    "edit", [_add_action, _invent, _make_instead, _delete_instead, _forget_before]
)
def test_a_new_digest_does_not_help_an_edit(edit: Callable[[Json], object]) -> None:
    source, _ = planned(CASE)
    text = forged((CASE / "plan.json").read_text(), edit)
    with pytest.raises(RefusedError, match=r"the plan and .* disagree on "):
        recompute(stored(text), source, {})


SAVED = text_of(made(source_of()), source_of())


@given(st.sampled_from(places(json.loads(SAVED))), JSON)
def test_whatever_stands_in_a_plan_what_is_written_is_what_the_file_asks_for(
    place: tuple[str | int, ...], to: object
) -> None:
    source = source_of()
    asked = {(c.target, c.change, c.after_text, c.settings) for c in made(source).changes}
    with suppress(InvalidError, RefusedError):
        again = recompute(stored(forged(SAVED, put(*place, to=to))), source, {}).changes
        assert {(c.target, c.change, c.after_text, c.settings) for c in again} <= asked


def test_other_settings_are_refused() -> None:
    source = source_of()

    def edit(plan: Json) -> None:
        new = next(c for c in plan["changes"] if c["change"] == "create")
        new["settings"]["tag_mutability"] = "MUTABLE"
        new["settings"]["scan_on_push"] = not new["settings"]["scan_on_push"]

    with pytest.raises(RefusedError, match="disagree on team/"):
        recompute(stored(forged(text_of(made(source), source), edit)), source, {})


def test_a_plan_whose_grants_have_ended_is_refused() -> None:
    source = source_of()
    saved = stored(text_of(made(source), source))
    recompute(saved, source._replace(now=NOW + timedelta(days=8)), {})
    with pytest.raises(RefusedError, match="an `until` has passed"):
        recompute(saved, source._replace(now=NOW + timedelta(days=9)), {})


@pytest.mark.parametrize("part", ["registry", "changes"])
@pytest.mark.parametrize(
    ("other", "named"),
    [({"account": "999900001111"}, "999900001111"), ({"region": "eu-west-3"}, "eu-west-3")],
)
def test_another_registry_is_refused(part: str, other: dict[str, str], named: str) -> None:
    source, _ = planned(CASE)

    def edit(plan: Json) -> None:
        if part == "changes":
            _first(plan).update(other)
        else:
            account = other.get("account", plan["registry"]["account"])
            plan["registry"] = {"account": account, "regions": [other.get("region", "us-west-2")]}

    with pytest.raises(RefusedError) as caught:
        recompute(stored(forged((CASE / "plan.json").read_text(), edit)), source, {})
    for word in (named, "111122223333", "us-west-2", "ecr_access.yaml"):
        assert word in caught.value.message


def test_another_version_of_the_file_is_refused() -> None:
    source, _ = planned(CASE)
    saved = stored((CASE / "plan.json").read_text())
    with pytest.raises(RefusedError, match=r"another version of .*\.yaml$"):
        recompute(saved, source._replace(content=source.content + b"\n"), {})


def test_what_drift_says_is_no_plan_to_apply() -> None:
    source, plan = planned(CASE)
    text = "".join(render_drift_json(view_drift(plan, names_of_file(source)), origin(source)))
    with pytest.raises(RefusedError, match="no digest"):
        read(text)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    text = (CASE / "plan.json").read_text()
    write_plan_file(path, text)
    assert path.read_text() == text
    assert read_plan(path.read_bytes(), path).plan == read(text)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_writing_replaces_the_file_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    path, link = tmp_path / "there" / "plan.json", tmp_path / "link"
    path.write_text("")
    link.symlink_to(path)
    write_plan_file(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_name_as_long_as_names_may_be_is_taken(tmp_path: Path) -> None:
    write_plan_file(tmp_path / ("p" * 255), "text")


@pytest.mark.parametrize("path", ["nowhere/plan.json", "file/plan.json", "p" * 256])
def test_what_can_not_be_written_is_told(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReconcileError, match="can't be written") as caught:
        write_plan_file(tmp_path / path, "text")
    assert caught.value.exit_code == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    old = '{\n  "format_version": "1"}'
    path.write_text(old)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(ReconcileError, match="can't be written: File too large"):
            write_plan_file(path, "x" * 11)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == old
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_place_for_a_plan_is_told(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (tmp_path, pipe, loop, Path(os.devnull)):
        with pytest.raises(UsageError):
            write_plan_file(path, "text")
    assert sorted(tmp_path.iterdir()) == [loop, pipe]


def test_a_plan_too_large_to_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan_file(path, '{\n  "format_version"'.ljust(MAX_PLAN, "x"))
    with pytest.raises(ReconcileError) as caught:
        write_plan_file(path, "x" * (MAX_PLAN + 1))
    assert caught.value.remedy is Remedy.SELECT_FEWER
    assert path.stat().st_size == MAX_PLAN


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a reconcile plan"),
        (b"null", "not a reconcile plan"),
        (b"\xff\xfe{\x00}\x00", "not a reconcile plan"),
        (b"{\xff", "not UTF-8"),
        ((CASE / "plan.json").read_bytes()[:-2], "can't be read"),
        (b'{"\xed\xa0\x80"', "not UTF-8"),
        (b"[" * 1_000_000, "not a reconcile plan"),
    ],
    ids=range(7),
)
def test_what_is_no_plan_is_invalid(content: bytes, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        read_plan(content, Path("plan.json"))


@pytest.mark.parametrize("content", ["version: 1\n", '{"format_version": "1"}\n', "x"])
def test_what_is_no_saved_plan_is_never_written_over(tmp_path: Path, content: str) -> None:
    """Such as the access file, or a journal."""
    path = tmp_path / "something"
    path.write_text(content)
    with pytest.raises(UsageError, match="not overwritten"):
        write_plan_file(path, "{}")
    assert path.read_text() == content
