"""`--changed-since`: a plan of what the file changes, at the cost of what that is."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile
from tests.cli.git import commit, git, new_repository

MANY = "".join(f"  team/{n:02}: {{access: {{ci: pull}}}}\n" for n in range(12))
ONE_MORE = "  payments/web: {access: {ci: pull}}\n"
OF_REGISTRY = ["GetAccountSetting", "GetRegistryPolicy"]


@pytest.fixture
def calls(ecr: Sandbox) -> Callable[[], list[str]]:
    """Return the names of the calls since the last time, sorted, with the repository if any."""
    seen = 0

    def since() -> list[str]:
        nonlocal seen
        found = ecr.calls()[seen:]
        seen += len(found)
        return sorted(" ".join(filter(None, call)) for call in found)

    return since


@pytest.fixture
def file(folder: Path, ecr: Sandbox) -> Path:
    """A committed file with 13 repositories, which exist."""
    path = folder / "ecr_access.yaml"
    path.write_text(SEED + MANY)
    new_repository(folder)
    for number in range(12):
        ecr.create_repository(f"team/{number:02}")
    return path


def test_only_the_repositories_that_differ_are_read(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    ecr.create_repository("payments/web")
    file.write_text(SEED.replace("runtime: pull", "runtime: push-pull") + ONE_MORE + MANY)
    done = reconcile("plan", "--changed-since", "HEAD")
    assert calls() == [
        *OF_REGISTRY,
        "GetRepositoryPolicy payments/api",
        "GetRepositoryPolicy payments/web",
    ]
    assert done.code == 0, done
    assert "Plan: 2 policies to set" in done.out
    assert "team/" not in done.out
    assert (
        "Only what the file changes since HEAD was looked at: the other repositories were not "
        "read. Unmanaged repositories are not reported." in " ".join(done.out.split())
    )
    assert "what the file changes since HEAD is looked at: 2 repositories" in " ".join(
        done.err.split()
    )


def test_a_file_without_a_difference_costs_no_call(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]]
) -> None:
    for text in (
        SEED + MANY,
        "# a comment\n" + SEED + MANY,
        SEED.replace("push-pull", "[pull, push]") + MANY,
    ):
        file.write_text(text)
        done = reconcile("plan", "--changed-since", "HEAD", "--exit-code", "--format", "json")
        assert (done.code, calls()) == (0, []), done
        assert json.loads(done.out)["scope"] == {"changed_since": "HEAD", "not_read": None}
        assert "the file asks for the same as at HEAD, so nothing is read" in " ".join(
            done.err.split()
        )


def test_a_changed_pattern_costs_a_listing_and_what_it_matches(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    ecr.create_repository("payments/web")
    ecr.create_repository("unmanaged/one")
    file.write_text(SEED + '  "payments/*": {access: {runtime: pull}}\n  "none/*": {}\n' + MANY)
    done = reconcile("plan", "--changed-since", "main", "--format", "json")
    assert calls() == ["DescribeRepositories", *OF_REGISTRY, "GetRepositoryPolicy payments/web"]
    plan = json.loads(done.out)
    assert [change["repository"] for change in plan["changes"]] == ["payments/web"]
    assert plan["scope"] == {"changed_since": "main", "not_read": 13}
    assert plan["unmanaged_repositories"] == []
    assert [finding["repository"] for finding in plan["findings"]] == ["none/*"]
    assert (
        "13 other managed repositories were not read"
        in reconcile("plan", "--changed-since", "main").out
    )


def test_a_new_repository_that_does_not_exist_is_missing(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]]
) -> None:
    file.write_text(SEED + ONE_MORE + MANY)
    done = reconcile("plan", "--changed-since", "HEAD")
    assert calls() == [*OF_REGISTRY, "GetRepositoryPolicy payments/web"]
    assert done.code == 1
    assert "payments/web (us-west-2): error: missing-repository" in done.out
    file.write_text(SEED + ONE_MORE.replace("{access", "{create: true, access") + MANY)
    done = reconcile("apply", "--changed-since", "HEAD", "--yes")
    assert done.code == 0, done
    assert "1 applied (1 repository created)" in done.out


def test_a_removed_entry_under_a_pattern_is_read_where_it_exists(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    pattern = '  "payments/*": {access: {runtime: pull}}\n'
    file.write_text(
        SEED + pattern + ONE_MORE + "  gone/one: {}\n  payments/gone: {access: {ci: pull}}\n"
    )
    commit(file.parent)
    ecr.create_repository("payments/web")
    file.write_text(SEED + pattern)
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert done.code == 0, done
    read = ["GetRepositoryPolicy payments/gone", "GetRepositoryPolicy payments/web"]
    assert calls() == [*OF_REGISTRY, *read]
    assert [c["repository"] for c in json.loads(done.out)["changes"]] == ["payments/web"]


def test_a_removed_entry_is_a_finding_without_a_call(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]]
) -> None:
    file.write_text(SEED + MANY.replace("  team/00: {access: {ci: pull}}\n", ""))
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert (done.code, calls()) == (0, []), done
    (found,) = json.loads(done.out)["findings"]
    assert (found["rule"], found["repository"]) == ("no-longer-managed", "team/00")
    assert "looked at: 1 removed entry" in " ".join(done.err.split())


def test_the_registrys_policy_and_templates_are_read_where_they_differ(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]]
) -> None:
    managed = SEED.replace("regions: [us-west-2]", "regions: [us-west-2]\n  policy: manage")
    via = '  "shared/*": {via: registry-policy, access: {ci: pull}}\n'
    template = '  "born/*": {create_on: [push], access: {ci: pull}}\n'
    file.write_text(managed + via + template)
    commit(file.parent)
    file.write_text(managed + via + template.replace("pull", "push-pull"))
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert "GetRepositoryPolicy payments/api" not in calls()
    changes = json.loads(done.out)["changes"]
    assert [change["subject"] for change in changes] == ["creation-template"]
    file.write_text(managed + via.replace("pull", "push-pull") + template)
    done = reconcile("apply", "--changed-since", "HEAD", "--yes", "--format", "json")
    assert done.code == 0, done
    made = calls()
    assert "DescribeRepositoryCreationTemplates" not in made
    assert "GetRepositoryPolicy payments/api" not in made
    changes = json.loads(done.out)["changes"]
    assert [change["subject"] for change in changes] == ["registry-policy"]


def test_what_others_changed_in_the_registrys_policy_is_planned_where_it_is_edited(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    """A Deny on team/* that the file does not have, and a policy that it keeps closed."""
    managed = SEED.replace("regions: [us-west-2]", "regions: [us-west-2]\n  policy: manage")
    removing = "unmanaged: {registry_statements: remove}\n"
    via = '  "shared/*": {via: registry-policy, access: {ci: pull}}\n'
    file.write_text(managed + MANY + via + removing)
    commit(file.parent)
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    where = "arn:aws:ecr:us-west-2:111122223333:repository/team/0*"
    deny = {**anyone, "Effect": "Deny", "Resource": where}
    for one, write in (
        (anyone, partial(ecr.set_policy_text, "team/00")),
        (deny, ecr.set_registry_policy_text),
    ):
        write(json.dumps({"Version": "2012-10-17", "Statement": [one]}))
    file.write_text(managed + MANY + via.replace("pull", "push-pull") + removing)
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert done.code == 0, done
    teams = [f"team/{number:02}" for number in range(10)]
    read = [call for call in calls() if call.startswith("GetRepositoryPolicy")]
    assert read == [f"GetRepositoryPolicy {name}" for name in teams]
    document = json.loads(done.out)
    assert [one["repository"] for one in document["changes"]] == ["*", *teams]
    assert document["scope"]["not_read"] == 3
    assert "its change touches the access to 10 more repositories" in " ".join(done.err.split())


def test_a_saved_plan_remembers_what_it_is_limited_to(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    file.write_text(SEED.replace("runtime: pull", "runtime: push-pull") + MANY)
    reconcile("plan", "--changed-since", "HEAD", "--out", "plan.json")
    calls()
    done = reconcile("apply", "plan.json", "--yes", "--format", "json")
    assert done.code == 0, done
    assert json.loads(done.out)["scope"] == {"changed_since": "HEAD", "not_read": None}
    made = Counter(calls())
    assert "DescribeRepositories" not in made
    assert not [call for call in made if "team/" in call]
    assert ecr.policy_text("team/00") is None
    assert "role2-2" in (ecr.policy_text("payments/api") or "")
    done = reconcile("apply", "plan.json", "--changed-since", "HEAD", "--yes")
    assert done.code == 2
    assert "a saved plan is applied as a whole, without --changed-since" in " ".join(
        done.err.split()
    )


def test_drift_looks_at_everything(reconcile: Reconcile) -> None:
    assert reconcile("drift", "--changed-since", "HEAD").code == 2


def test_max_revoked_counts_what_was_read(file: Path, reconcile: Reconcile) -> None:
    assert reconcile("apply", "--yes").code == 0
    file.write_text(
        SEED.replace("      runtime: pull\n", "")
        + MANY
        + "guards: {max_revoked: {percent: 30, count: 0}}\n"
    )
    assert reconcile("plan").code == 0
    done = reconcile("plan", "--changed-since", "HEAD")
    assert done.code == 5
    assert "this would revoke or narrow 1 of 2 grants that were read" in " ".join(done.err.split())
    assert reconcile("plan", "--changed-since", "HEAD", "--allow-revocations", "1").code == 0


def test_selected_repositories_limit_it_further(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    ecr.create_repository("payments/web")
    file.write_text(SEED.replace("runtime: pull", "runtime: push-pull") + ONE_MORE + MANY)
    done = reconcile("plan", "--changed-since", "HEAD", "--repository", "*/web", "--format", "json")
    assert calls() == [*OF_REGISTRY, "GetRepositoryPolicy payments/web"]
    assert len(json.loads(done.out)["changes"]) == 1
    done = reconcile("plan", "--changed-since", "HEAD", "--repository", "team/00")
    assert (done.code, calls()) == (0, [])
    done = reconcile("plan", "--changed-since", "HEAD", "--repository", "team/x")
    assert done.code == 2
    assert "--repository team/x: no entry of the file matches it" in done.err


def test_a_region_that_is_new_is_planned_as_a_whole(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], ecr: Sandbox
) -> None:
    file.write_text(SEED)
    commit(file.parent)
    ecr.create_repository("payments/api", region="eu-west-1")
    file.write_text(SEED.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert calls() == [*OF_REGISTRY, "GetRepositoryPolicy payments/api"]
    changes = json.loads(done.out)["changes"]
    assert [(c["repository"], c["region"]) for c in changes] == [("payments/api", "eu-west-1")]


@pytest.mark.parametrize(
    ("account", "regions", "left_out"),
    [
        ("111122223333", "[us-west-2]", "111122223333 eu-west-1"),
        (
            "999900001111",
            "[us-west-2, eu-west-1]",
            "111122223333 us-west-2, 111122223333 eu-west-1",
        ),
    ],
)
def test_a_registry_or_region_that_the_file_leaves_out_is_named(
    file: Path, reconcile: Reconcile, account: str, regions: str, left_out: str
) -> None:
    file.write_text(SEED.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    commit(file.parent)
    file.write_text(SEED.replace("111122223333", account).replace("[us-west-2]", regions))
    done = reconcile("plan", "--changed-since", "HEAD")
    said = f"the file leaves out what it has at HEAD: {left_out}; policies there stay"
    assert said in " ".join(done.err.split())
    for place in left_out.split(", "):
        told = f"no-longer-managed: the file does not have {place} any more; policies there stay"
        assert told in " ".join(done.out.split())
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    findings = [f for f in json.loads(done.out)["findings"] if f["rule"] == "no-longer-managed"]
    assert [(one["repository"], one["region"]) for one in findings] == [
        ("*", None) for _ in left_out.split(", ")
    ]


@pytest.mark.parametrize(
    ("older", "why"),
    [
        (None, "ecr_access.yaml does not exist at HEAD"),
        (
            "version: 2\n",
            "ecr_access.yaml is invalid at HEAD: ecr_access.yaml:1:1: missing-key: "
            "missing key 'registry' or 'registries'",
        ),
        (
            "\0\xff",
            "ecr_access.yaml is invalid at HEAD: ecr_access.yaml:1:2: not-utf-8: "
            "the file is not valid UTF-8 from here on",
        ),
        (Path("nowhere.yaml"), "ecr_access.yaml does not exist at HEAD"),
    ],
)
def test_without_an_earlier_version_all_of_the_file_counts_as_changed(
    folder: Path, reconcile: Reconcile, older: str | Path | None, why: str
) -> None:
    file = folder / "ecr_access.yaml"
    file.unlink()
    if isinstance(older, Path):
        file.symlink_to(older)
    elif older is not None:
        file.write_text(older, encoding="latin-1")
    new_repository(folder)
    file.unlink(missing_ok=True)
    file.write_text(SEED)
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    assert done.code == 0, done
    told = f"{why}, so all of it counts as changed"
    assert told in " ".join(done.err.split())
    assert [one["message"] for one in json.loads(done.out)["findings"]] == [told]
    assert len(json.loads(done.out)["changes"]) == 1


@pytest.mark.parametrize(
    "revision", ["main", "HEAD", "v1", "HEAD~0", "@", "refs/heads/main", "HEAD^{/commit}"]
)
def test_any_name_of_a_commit_is_a_revision(
    file: Path, reconcile: Reconcile, revision: str
) -> None:
    git(file.parent, "tag v1")
    assert reconcile("plan", "--changed-since", revision).code == 0


@pytest.mark.parametrize(
    "revision",
    [
        "nowhere",
        "HEAD:ecr_access.yaml",
        "HEAD~9",
        "--output=pwned",
        "-x",
        "main..HEAD",
        "$(touch pwned)",
        ";touch pwned",
        "é\n",
    ],
)
def test_an_unknown_revision_is_wrong_usage(
    file: Path, reconcile: Reconcile, calls: Callable[[], list[str]], revision: str
) -> None:
    done = reconcile("plan", f"--changed-since={revision}", "--format", "json")
    assert (done.code, calls()) == (2, []), done
    error = json.loads(done.out)["error"]
    assert error["message"].startswith("the git repository of ecr_access.yaml has no revision")
    assert error["hint"] == "fetch it first, or check its spelling"
    assert not (file.parent / "pwned").exists()


@pytest.mark.usefixtures("file")
def test_a_shallow_clone_says_how_to_fetch_more(reconcile: Reconcile, folder: Path) -> None:
    commit(folder)
    git(folder, "clone --quiet --depth 1", f"file://{folder}", "shallow")
    done = reconcile("plan", "-f", "shallow/ecr_access.yaml", "--changed-since", "HEAD~1")
    assert done.code == 2
    assert "fetch-depth: 0" in done.err


def test_a_file_outside_of_a_git_repository(folder: Path, reconcile: Reconcile) -> None:
    done = reconcile("plan", "--changed-since", "HEAD", GIT_CEILING_DIRECTORIES=str(folder.parent))
    assert done.code == 2
    assert "ecr_access.yaml is in no git repository that can be read: not a git repo" in done.err


@pytest.mark.usefixtures("file")
def test_git_has_to_be_installed(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("plan", "--changed-since", "HEAD", PATH=str(folder))
    assert done.code == 1
    assert "git can't be run: No such file or directory" in done.err


def test_stdin_has_no_earlier_version(offline: Reconcile) -> None:
    done = offline("plan", "-f", "-", "--changed-since", "HEAD", stdin=SEED)
    assert done.code == 2
    assert "the access file is stdin, which has no earlier version" in done.err


@pytest.mark.parametrize(
    "told",
    [
        {"GIT_DIR": ".git", "GIT_WORK_TREE": "."},
        {"GIT_COMMON_DIR": ".git"},
        {"GIT_OBJECT_DIRECTORY": ".git/objects"},
    ],
)
def test_the_repository_is_that_of_the_file(
    told: dict[str, str],
    file: Path,
    reconcile: Reconcile,
    calls: Callable[[], list[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever the directory, what git tells a hook, and the names on the way."""
    other = tmp_path_factory.mktemp("other")
    inside = other / "-deep dir" / ":(top)x.yaml"
    inside.parent.mkdir()
    shutil.copy(file, inside)
    new_repository(other)
    of_hook = {name: str(file.parent / place) for name, place in told.items()}
    done = reconcile("plan", "-f", str(inside), "--changed-since", "HEAD", **of_hook)
    assert (done.code, calls()) == (0, []), done
    assert "counts as changed" not in done.err


def test_a_commit_of_another_repository_is_unknown(
    file: Path, reconcile: Reconcile, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "x").touch()
    new_repository(other)
    theirs = git(other, "rev-parse HEAD")
    lent = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / ".git" / "objects")}
    done = reconcile("plan", "-f", str(file), "--changed-since", theirs, **lent)
    assert done.code == 2, done
    assert "has no revision" in done.err


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("plan --changed-since ", ["main", "v1", "v2"]), ("apply --changed-since v", ["v1", "v2"])],
)
def test_branches_and_tags_are_completed(
    file: Path, offline: Reconcile, typed: str, expected: list[str]
) -> None:
    for tag in ("v1", "v2", "$(touch${IFS}pwned)"):
        git(file.parent, "tag", tag)
    asked = {"_RECONCILE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": f"reconcile {typed}"}
    assert offline(**asked, _TYPER_COMPLETE_FISH_ACTION="get-args").out.split() == expected
    assert offline(**asked, _TYPER_COMPLETE_FISH_ACTION="get-args", PATH="").out.split() == []
