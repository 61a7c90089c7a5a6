"""A file with several registries: all are planned, applied and rolled back; each fails alone."""

import json
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.requests.protocol import Call
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Done, Reconcile, runner, sandbox_environment
from tests.cli.git import new_repository
from tests.cli.killing import Killer, Moment
from tests.cli.two_accounts import HERE, HOME, OTHER, ROLE, THERE, TRUST, serving

NAME = "payments/api"
ASSUMING = f"assume_role: {{role_arn: {ROLE!r}, external_id: contract-17, session_name: nightly}}"
FILE = f"""\
version: 1
registries:
  - {{name: staging, account: "{OTHER}", regions: [{HERE}], {ASSUMING}}}
  - {{name: central, account: "{HOME}", regions: [{THERE}, {HERE}]}}
accounts: {{workloads: "444455556666"}}
principals: {{ci: {{role: role2-1, account: workloads}}}}
repositories:
  {NAME}: {{access: {{ci: pull}}}}
"""
PLACES = [(OTHER, HERE), (HOME, THERE), (HOME, HERE)]
"""All registries and regions, in the order of the file."""


@pytest.fixture
def ecr(two_accounts: Sandbox) -> Sandbox:
    """Both accounts, each with the repository in each region."""
    return with_repositories(two_accounts)


def with_repositories(sandbox: Sandbox) -> Sandbox:
    for account, region in PLACES:
        sandbox.create_repository(NAME, account=account, region=region)
    return sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    return tmp_path


@pytest.fixture
def reconcile(folder: Path, ecr: Sandbox) -> Reconcile:
    return runner(folder, sandbox_environment(ecr))


def live(ecr: Sandbox) -> list[bool]:
    """Whether the repository has a policy, in each place."""
    return [ecr.policy_text(NAME, account=a, region=r) is not None for a, r in PLACES]


def errors_of(done: Done) -> list[tuple[str, str, str, str]]:
    errors = json.loads(done.out)["errors"]
    return [(e["registry"], e["account"], e["region"], e["repository"]) for e in errors]


def places_of(done: Done) -> list[tuple[str, str, str]]:
    changes = json.loads(done.out)["changes"]
    return [(one["registry"], one["account"], one["region"]) for one in changes]


def rewritten(folder: Path, old: str, new: str) -> None:
    text = (folder / "ecr_access.yaml").read_text()
    assert old in text
    (folder / "ecr_access.yaml").write_text(text.replace(old, new))


ALL = [("staging", OTHER, HERE), ("central", HOME, THERE), ("central", HOME, HERE)]


def test_all_are_planned_applied_and_rolled_back(reconcile: Reconcile, ecr: Sandbox) -> None:
    plan = reconcile("plan", "--format", "json")
    document = json.loads(plan.out)
    assert (plan.code, places_of(plan)) == (0, ALL)
    assert [(r["name"], r["account"], r["regions"]) for r in document["registries"]] == [
        ("staging", OTHER, [HERE]),
        ("central", HOME, [THERE, HERE]),
    ]
    assert "registry" not in document
    applied = reconcile("apply", "--yes", "--journal", "j")
    assert (applied.code, live(ecr)) == (0, [True] * 3)
    titles = [f"staging ({OTHER} {HERE})", f"central ({HOME} {THERE})", f"central ({HOME} {HERE})"]
    headings = [
        line.split(": ")[0] for line in applied.out.splitlines() if "1 policy to set" in line
    ]
    assert headings[:3] == titles
    assert [line for line in applied.out.splitlines() if line.removesuffix(":") in titles]
    assert applied.out.splitlines()[-3:] == [
        "Apply: 3 applied.",
        "  staging  1 applied",
        "  central  2 applied",
    ]
    drift = reconcile("drift")
    assert (drift.code, drift.out.splitlines()) == (
        0,
        ["No drift: 3 in sync.", "  staging  1 in sync", "  central  2 in sync"],
    )
    back = reconcile("rollback", "j", "--yes", "--format", "json")
    assert (back.code, live(ecr)) == (0, [False] * 3)
    assert places_of(back) == [(HOME, HOME, THERE), (HOME, HOME, HERE), (OTHER, OTHER, HERE)]
    assert f"the journal says to act as {ROLE}" in back.err


def test_a_role_that_is_denied_fails_alone(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    rewritten(folder, "contract-17", "contract-18")
    plan = reconcile("plan", "--format", "json")
    assert (plan.code, places_of(plan)) == (1, ALL[1:])
    assert errors_of(plan) == [("staging", OTHER, HERE, "*")]
    applied = reconcile("apply", "--yes")
    assert (applied.code, live(ecr)) == (6, [False, True, True])
    assert applied.out.count("the role could not be assumed") == 1
    assert f"all repositories (staging {HERE}): error: read-failed: " in applied.out


def test_a_role_that_is_denied_is_named_once_for_all_regions(
    reconcile: Reconcile, folder: Path
) -> None:
    rewritten(folder, f"regions: [{HERE}]", f"regions: [{HERE}, {THERE}]")
    rewritten(folder, "contract-17", "contract-18")
    plan = reconcile("plan")
    assert plan.code == 1
    assert plan.out.count("the role could not be assumed") == 1
    assert f"all repositories (staging {HERE}, {THERE}): error: " in plan.out


def test_where_none_can_be_reached_each_is_named(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    role = ecr.create_role(HOME, "reconciler", trust_policy=TRUST)
    central = f'account: "{HOME}", regions: [{THERE}, {HERE}]'
    rewritten(folder, central, f"{central}, assume_role: {role!r}")
    rewritten(folder, "contract-17", "contract-18")
    for command in (("plan",), ("drift",), ("apply", "--yes")):
        done = reconcile(*command)
        assert done.code == 1
        assert done.out.count("the role could not be assumed") == 2
        assert f"all repositories (staging {HERE}): error: " in done.out
        assert f"all repositories (central {THERE}, {HERE}): error: " in done.out


@pytest.mark.parametrize("behaviour", [Behaviour(dead_region=THERE)])
def test_a_dead_region_fails_alone(reconcile: Reconcile, ecr: Sandbox) -> None:
    plan = reconcile("plan", "--format", "json")
    assert plan.code == 1
    assert errors_of(plan) == [("central", HOME, THERE, "*")]
    applied = reconcile("apply", "--yes")
    assert (applied.code, live(ecr)) == (6, [True, False, True])


@pytest.mark.parametrize("behaviour", [Behaviour(disabled_region=THERE)])
def test_a_region_that_is_not_enabled_fails_alone(reconcile: Reconcile, ecr: Sandbox) -> None:
    applied = reconcile("apply", "--yes")
    assert (applied.code, live(ecr)) == (6, [True, False, True])
    assert applied.out.count("aws account get-region-opt-status --region-name eu-west-1") == 1


def test_a_wrong_account_refuses_an_apply_and_fails_alone_in_a_plan(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    rewritten(folder, f", {ASSUMING}", "")
    wrong = f"the credentials are of account {HOME}, the registry is in {OTHER}"
    applied = reconcile("apply", "--yes")
    assert (applied.code, wrong in applied.err, live(ecr)) == (5, True, [False] * 3)
    for command in ("plan", "drift"):
        done = reconcile(command, "--format", "json")
        assert (done.code, places_of(done)) == (1, ALL[1:])
        assert errors_of(done) == [("staging", OTHER, HERE, "*")]
        assert wrong in json.loads(done.out)["errors"][0]["message"]


@pytest.mark.parametrize("regions", [HERE, f"{HERE}, {THERE}"])
def test_a_wrong_account_of_the_only_registry_refuses_a_plan(
    reconcile: Reconcile, folder: Path, regions: str
) -> None:
    text = FILE.replace(f"[{HERE}], {ASSUMING}", f"[{regions}]").splitlines()
    lines = [line for line in text if "name: central" not in line]
    (folder / "ecr_access.yaml").write_text("\n".join(lines))
    done = reconcile("plan")
    assert done.code == 5
    assert f"the credentials are of account {HOME}, the registry is in {OTHER}" in done.err


def test_an_unknown_profile_fails_alone(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    rewritten(folder, ASSUMING, "profile: nobody")
    applied = reconcile("apply", "--yes", "--format", "json")
    assert (applied.code, live(ecr)) == (6, [False, True, True])
    assert errors_of(applied) == [("staging", OTHER, HERE, "*")]


def test_a_saved_plan_is_applied_where_it_can_be(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("plan", "--out", "all.json").code == 0
    assert reconcile("apply", "all.json", "--yes", "--journal", "j").code == 0
    assert live(ecr) == [True] * 3
    again = reconcile("apply", "all.json", "--yes", "--format", "json")
    assert again.code == 0
    assert {one["outcome"] for one in json.loads(again.out)["changes"]} == {"in-force"}
    assert reconcile("rollback", "j", "--yes").code == 0
    ecr.delete_role(ROLE)
    ecr.create_role(OTHER, "reconciler", trust_policy=TRUST.replace("contract-17", "other"))
    done = reconcile("apply", "all.json", "--yes", "--format", "json")
    assert (done.code, live(ecr)) == (6, [False, True, True])
    assert errors_of(done) == [("staging", OTHER, HERE, "*")]


def test_a_saved_plan_names_a_dead_region_once(folder: Path) -> None:
    with serving(Behaviour()) as earlier:
        environment = sandbox_environment(with_repositories(earlier))
        assert runner(folder, environment)("plan", "--out", "all.json").code == 0
    with serving(Behaviour(dead_region=THERE)) as later:
        environment = sandbox_environment(with_repositories(later))
        done = runner(folder, environment)("apply", "all.json", "--yes", "--format", "json")
        assert (done.code, live(later)) == (6, [True, False, True])
    assert errors_of(done) == [("central", HOME, THERE, "*")]
    assert [one["outcome"] for one in json.loads(done.out)["changes"]] == ["applied"] * 2


def test_a_run_with_several_profiles_is_undone_by_its_journal(folder: Path, ecr: Sandbox) -> None:
    rewritten(folder, ASSUMING, f"profile: sandbox-{OTHER}")
    rewritten(folder, f'account: "{HOME}"', f'account: "{HOME}", profile: sandbox-{HOME}')
    files = ecr.write_profiles(folder / "aws")
    environment = {k: v for k, v in sandbox_environment(ecr).items() if "KEY" not in k}
    run = runner(folder, environment | files)
    applied = run("apply", "--yes", "--journal", "j")
    assert (applied.code, live(ecr)) == (0, [True] * 3)
    assert applied.err.endswith("to undo: reconcile rollback j\n")
    assert run("rollback", "j", "--yes", "--profile", f"sandbox-{HOME}").code == 5
    undone = run("rollback", "j", "--yes", "--journal", "undone")
    assert (undone.code, live(ecr)) == (0, [False] * 3)
    assert run("rollback", "undone", "--yes").code == 0
    assert live(ecr) == [True] * 3


def at_once(ecr: Sandbox, operation: str) -> Barrier:
    """Let the first calls of an operation, one in each place, wait for each other."""
    barrier, before = Barrier(len(PLACES)), count()

    def wait(call: Call) -> None:
        if call.name == operation and next(before) < len(PLACES):
            barrier.wait(15)  # less than a call waits for its response, and is made again

    ecr.before_call(wait)
    return barrier


def test_a_saved_plan_reads_all_registries_at_once(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("plan", "--out", "all.json").code == 0
    together = at_once(ecr, "GetRegistryPolicy")
    assert reconcile("apply", "all.json", "--yes").code == 0
    assert not together.broken


def test_a_rollback_reads_all_registries_at_once(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes", "--journal", "j").code == 0
    together = at_once(ecr, "GetRepositoryPolicy")
    assert reconcile("rollback", "j", "--yes").code == 0
    assert not together.broken


def test_an_interrupted_apply_is_finished_by_the_next(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    killer = Killer(ecr, folder, sandbox_environment(ecr))
    moment = Moment("call-done", 2, "SetRepositoryPolicy")
    killer.run(moment, ["apply", "--yes", "--journal", "j"], folder / "j")
    assert any(live(ecr))
    assert reconcile("rollback", "j", "--yes").code == 0
    assert live(ecr) == [False] * 3
    assert reconcile("apply", "--yes").code == 0
    assert live(ecr) == [True] * 3


def test_amounts_are_counted_in_each_registry(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    assert reconcile("apply", "--yes").code == 0
    rewritten(
        folder,
        "access: {ci: pull}}",
        'access: {}}\n  "payments/*": {registries: [central], access: {ci: pull}}\n'
        "guards: {max_revoked: {percent: 50, count: 0}}",
    )
    told = "refused: max_revoked: in staging: this would revoke or narrow 1 of 1 grant;"
    plan = ("--allow-empty", NAME, "--out", "all.json")
    refused = reconcile("plan", *plan)
    assert refused.code == 5
    assert told in refused.err
    assert "max_revoked: this" not in refused.err
    assert reconcile("plan", *plan, "--allow-revocations", "1").code == 0
    again = reconcile("apply", "all.json", "--yes", "--allow-empty", NAME)
    assert (again.code, live(ecr)) == (5, [True] * 3)
    assert told in again.err
    options = ("--allow-empty", NAME, "--allow-revocations", "1")
    assert reconcile("apply", "all.json", "--yes", *options).code == 0
    assert live(ecr) == [False, True, True]


def test_amounts_are_counted_over_all(reconcile: Reconcile, folder: Path) -> None:
    assert reconcile("apply", "--yes").code == 0
    rewritten(folder, "access: {ci: pull}", "access: {}")
    with (folder / "ecr_access.yaml").open("a") as file:
        file.write("guards: {max_revoked: {percent: 0, count: 2}}\n")
    done = reconcile("plan")
    assert done.code == 5
    assert "this would revoke or narrow 3 of 3 grants" in done.err
    assert f"refused: empty: in staging: no principal would keep access to {NAME}" in done.err


@pytest.mark.parametrize("where", [(), ("--repository", NAME), ("--repository", "payments/*")])
def test_what_is_in_one_registry_only_is_selected_there(
    reconcile: Reconcile, folder: Path, where: tuple[str, ...]
) -> None:
    rewritten(folder, "{access: {ci: pull}}", "{access: {ci: pull}, registries: [staging]}")
    done = reconcile("plan", *where, "--format", "json")
    assert (done.code, places_of(done)) == (0, ALL[:1])
    assert json.loads(done.out)["findings"] == []


def test_what_nothing_has_is_said_once(reconcile: Reconcile) -> None:
    done = reconcile("plan", "--repository", "nothing/*", "--format", "json")
    (finding,) = json.loads(done.out)["findings"]
    assert (finding["rule"], finding["registry"], finding["region"]) == (
        "nothing-selected",
        None,
        None,
    )
    assert reconcile("plan", "--repository", "nothing/x").code == 2


def test_unmanaged_repositories_are_told_where_they_are(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_repository("legacy/tool", account=OTHER)
    done = reconcile("plan", "--format", "json")
    staging, central = json.loads(done.out)["registries"]
    assert staging["unmanaged_repositories"] == {HERE: ["legacy/tool"]}
    assert central["unmanaged_repositories"] == {}


REPLICA = "{access: {ci: pull}, replicated: true}"


def replicas(folder: Path, name: str) -> None:
    rewritten(folder, f"{NAME}: {{access: {{ci: pull}}}}", f"{name}: {REPLICA}")


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(dead_region=THERE)])
def test_a_replica_that_is_not_there_yet_is_a_finding(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, behaviour: Behaviour
) -> None:
    ecr.create_repository("app/new")
    replicas(folder, "app/new")
    done = reconcile("plan", "--format", "json")
    document = json.loads(done.out)
    waiting = [(f["rule"], f["registry"], f["region"]) for f in document["findings"]]
    expected = [("not-replicated-yet", name, region) for name, _, region in ALL[:2]]
    if behaviour.dead_region:  # nothing is claimed of what could not be read
        assert (done.code, waiting) == (1, expected[:1])
        assert errors_of(done) == [("central", HOME, THERE, "*")]
        return
    assert (done.code, waiting) == (0, expected)
    assert f"it exists in {HOME} {HERE}" in document["findings"][0]["message"]
    assert places_of(done) == ALL[2:]


def test_a_replica_that_is_nowhere_is_missing(reconcile: Reconcile, folder: Path) -> None:
    replicas(folder, "app/new")
    done = reconcile("plan", "--format", "json")
    assert done.code == 1
    assert {e["rule"] for e in json.loads(done.out)["errors"]} == {"missing-repository"}
    assert errors_of(done) == [(*place, "app/new") for place in ALL]


def test_a_run_on_one_registry(reconcile: Reconcile, ecr: Sandbox) -> None:
    plan = reconcile("plan", "--registry", "central", "--format", "json")
    document = json.loads(plan.out)
    assert (plan.code, places_of(plan), document["registries_left_out"]) == (
        0,
        ALL[1:],
        ["staging"],
    )
    assert [one["name"] for one in document["registries"]] == ["central"]
    assert "AssumeRole" not in {call.name for call in ecr.calls()}
    applied = reconcile("apply", "--registry", "staging", "--yes", "--journal", "j")
    assert (applied.code, live(ecr)) == (0, [True, False, False])
    assert "The registry central was not looked at." in applied.out
    drift = reconcile("drift", "--registry", "staging")
    assert (drift.code, drift.out.splitlines()) == (
        0,
        [
            "The registry central was not looked at.",
            "",
            "No drift: 1 in sync.",
            "  staging  1 in sync",
        ],
    )
    assert "registries_left_out" not in json.loads(reconcile("plan", "--format", "json").out)


def test_a_saved_plan_for_one_registry_is_applied_there_alone(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    assert reconcile("plan", "--registry", "staging", "--out", "p.json").code == 0
    refused = reconcile("apply", "p.json", "--yes", "--registry", "central")
    assert refused.code == 2
    assert "a saved plan is applied as a whole, without --registry" in refused.err
    before = reads_of_registries(ecr)
    done = reconcile("apply", "p.json", "--yes", "--format", "json")
    assert (done.code, live(ecr)) == (0, [True, False, False])
    assert json.loads(done.out)["registries_left_out"] == ["central"]
    assert reads_of_registries(ecr) == before + 1


def reads_of_registries(ecr: Sandbox) -> int:
    return [call.name for call in ecr.calls()].count("GetRegistryPolicy")


def test_a_rollback_of_one_registry(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes", "--journal", "j").code == 0
    unknown = reconcile("rollback", "j", "--yes", "--registry", "central")
    assert unknown.code == 2
    assert f"--registry central: the journal has no such registry, only {HOME}, {OTHER}" in (
        unknown.err
    )
    back = reconcile("rollback", "j", "--yes", "--registry", OTHER)
    assert (back.code, live(ecr)) == (0, [False, True, True])
    assert f"The registry {HOME} was not looked at." in back.out
    assert reconcile("rollback", "j", "--yes").code == 0
    assert live(ecr) == [False] * 3


def test_a_missing_replica_may_exist_in_a_registry_that_is_left_out(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.create_repository("app/new")
    replicas(folder, "app/new")
    done = reconcile("plan", "--registry", "staging", "--format", "json")
    (error,) = json.loads(done.out)["errors"]
    assert (done.code, error["rule"]) == (1, "missing-repository")
    assert "; central, from where it may be replicated, is not looked at" in error["message"]


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_a_registry_that_the_file_does_not_have(reconcile: Reconcile, command: str) -> None:
    done = reconcile(command, "--registry", "stagin")
    assert done.code == 2
    assert "--registry stagin: the file has no such registry, only staging, central" in done.err
    assert "did you mean 'staging'?" in done.err


def test_a_repository_of_a_registry_that_is_left_out(reconcile: Reconcile, folder: Path) -> None:
    rewritten(
        folder, "repositories:\n", "repositories:\n  tools/x: {registries: [central], access: {}}\n"
    )
    new_repository(folder)
    for options in ((), ("--changed-since", "HEAD")):
        done = reconcile("plan", "--registry", "staging", "--repository", "tools/x", *options)
        assert done.code == 2
        assert done.err.endswith("hint: it has an entry in central\n")


def test_changes_of_the_file_in_one_registry(reconcile: Reconcile, folder: Path) -> None:
    new_repository(folder)
    rewritten(folder, "{ci: pull}", "{ci: push-pull}")
    done = reconcile("plan", "--registry", "staging", "--changed-since", "HEAD")
    assert done.code == 0
    assert "Plan: 1 policy to set" in done.out
    assert (
        "The registry central was not looked at. Only what the file changes since HEAD" in done.out
    )
    assert "leaves out" not in done.err


BY_HAND = """{"Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage",
  "Principal": {"AWS": "arn:aws:iam::444455556666:role/by-hand"}}]}"""


def test_the_causes_of_a_plan_are_those_in_each_registry(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    assert reconcile("apply", "--yes").code == 0
    new_repository(folder)
    ecr.set_policy_text(NAME, BY_HAND, account=HOME, region=THERE)
    rewritten(
        folder,
        f"  {NAME}: {{access: {{ci: pull}}}}\n",
        f"  {NAME}: {{registries: [staging], access: {{ci: push-pull}}}}\n"
        '  "payments/*": {registries: [central], access: {ci: pull}}\n',
    )
    document = json.loads(reconcile("plan", "--base", "main", "--format", "json").out)
    causes = {(c["registry"], c["account"], c["region"]): c["cause"] for c in document["changes"]}
    assert causes == {ALL[0]: "edit", ALL[1]: "drift"}
    assert document["compared_with"] == {"revision": "main", "edit": 1, "drift": 1, "both": 0}
    central = reconcile("plan", "--base", "main", "--registry", "central")
    assert "Compared with main: 0 changes from this edit, 1 repairs drift." in central.out


def test_a_registry_that_the_base_does_not_have_is_from_the_edit(
    reconcile: Reconcile, folder: Path
) -> None:
    whole = (folder / "ecr_access.yaml").read_text()
    first, *rest = [line for line in whole.splitlines(keepends=True) if "name: central" not in line]
    (folder / "ecr_access.yaml").write_text(first + "".join(rest))
    assert reconcile("apply", "--yes").code == 0
    new_repository(folder)
    (folder / "ecr_access.yaml").write_text(whole)
    document = json.loads(reconcile("plan", "--base", "main", "--format", "json").out)
    assert [(c["registry"], c["cause"]) for c in document["changes"]] == [("central", "edit")] * 2


def test_an_only_registry_has_no_name(folder: Path, offline: Reconcile) -> None:
    (folder / "ecr_access.yaml").write_text(SEED)
    done = offline("plan", "--registry", HOME)
    assert done.code == 2
    reason = "the file has no such registry, its only one has no name"
    assert f"--registry {HOME}: {reason}" in done.err


def test_what_is_allowed_in_a_registry_that_is_left_out(reconcile: Reconcile, folder: Path) -> None:
    rewritten(
        folder, f"  {NAME}:", f"  app/web: {{registries: [central], access: {{}}}}\n  {NAME}:"
    )
    assert reconcile("plan", "--registry", "staging", "--allow-public", "app/web").code == 0
    assert reconcile("plan", "--registry", "staging", "--allow-public", "app/we").code == 2
