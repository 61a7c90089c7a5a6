"""An earlier version of a file is what the repository that holds its path has at a revision."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import ReconcileError, UsageError
from reconciler.workflow.file import revisions
from reconciler.workflow.file.revisions import EarlierVersion, at_revision
from reconciler.workflow.file.source import AccessSource, load
from tests.cli.git import commit, git, new_repository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
"""
PULL = 'repositories: {payments/api: {access: {"444455556666": pull}}}\n'
PUSH = PULL.replace("pull", "push-pull")
FILE = "ecr_access.yaml"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def link(path: Path, target: str) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    return path


def source(file: Path) -> AccessSource:
    return load(file.read_bytes(), str(file), file=file, now=NOW)


def earlier(file: Path, revision: str = "HEAD") -> EarlierVersion:
    return at_revision(source(file), revision)


def is_changed(file: Path, revision: str = "HEAD") -> bool:
    """Whether the file asks for something else than at a revision, where it was valid."""
    version = earlier(file, revision)
    assert version.parts, version.missing
    return version.parts != source(file).parts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A committed file."""
    path = write(tmp_path / "repo" / FILE, HEAD + PULL)
    new_repository(path.parent)
    return path


def embed_repository(folder: Path, config: str) -> None:
    """Put files that git takes for a bare repository into a folder, as a commit can."""
    write(folder / "HEAD", "ref: refs/heads/main\n")
    write(folder / "refs/heads/main", "1" * 40 + "\n")
    write(folder / "objects/.keep", "")
    write(folder / "config", config)


def older_git(folder: Path) -> str:
    """Return a PATH that begins with a git that does not know `safe.bareRepository`."""
    text = f"""\
#!{sys.executable}
import os, sys
arguments = [one.replace("safe.bareRepository", "safe.unknown") for one in sys.argv[1:]]
os.execv({shutil.which("git")!r}, ["git", *arguments])
"""
    write(folder / "git", text).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(params=["this git", "an older git"])
def _each_git(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if request.param == "an older git":
        monkeypatch.setenv("PATH", older_git(tmp_path / "bin"))


def test_a_file_that_is_not_edited_is_not_changed(file: Path) -> None:
    assert not is_changed(file)
    write(file, HEAD + PUSH)
    assert is_changed(file)


RUNS = """\
[core]
	repositoryformatversion = 1
	bare = true
[extensions]
	partialClone = origin
[remote "origin"]
	url = .
	promisor = true
	uploadpack = "touch {pwned}; git-upload-pack"
"""
IN_WORK_TREE = """\
[core]
	repositoryformatversion = 0
	bare = false
	worktree = ..
"""


@pytest.mark.usefixtures("_each_git")
def test_a_repository_in_a_commit_runs_nothing(file: Path, tmp_path: Path) -> None:
    """Git takes the directory of the link's target for a repository of its own."""
    pwned = tmp_path / "pwned"
    embed_repository(file.parent / "sub", RUNS.format(pwned=pwned))
    write(file.parent / "sub/real.yaml", HEAD + PUSH)
    link(file, "sub/real.yaml")
    commit(file.parent)
    assert is_changed(file, "HEAD^")
    assert not is_changed(file, "HEAD")
    for revision in ("main", "HEAD"):
        with pytest.raises(UsageError, match="in no git repository that can be read"):
            earlier(file.parent / "sub/real.yaml", revision)
    assert not pwned.exists()


@pytest.mark.usefixtures("_each_git")
@pytest.mark.parametrize("config", ["[core]\nbare = true\n", IN_WORK_TREE])
def test_a_repository_in_a_commit_is_not_asked(file: Path, config: str) -> None:
    """Its `main` would be the edited version."""
    sub = file.parent / "sub"
    embed_repository(sub, config)
    write(sub / "real.yaml", HEAD + PUSH)
    shutil.copytree(file.parent / ".git/objects", sub / "objects", dirs_exist_ok=True)
    write(sub / "refs/heads/main", commit(file.parent))
    link(file, "sub/real.yaml")
    assert is_changed(file, "HEAD^")
    with pytest.raises(UsageError, match="in no git repository that can be read"):
        earlier(sub / "real.yaml")


@pytest.fixture
def submodule(file: Path, tmp_path: Path) -> Path:
    """A submodule of the file's repository."""
    write(tmp_path / "other" / "real.yaml", HEAD + PUSH)
    new_repository(tmp_path / "other")
    git(file.parent, "-c protocol.file.allow=always submodule --quiet add", "../other", "sm")
    commit(file.parent)
    return file.parent / "sm"


@pytest.mark.parametrize("by_folder", [False, True])
def test_a_link_into_another_repository_is_refused(
    file: Path, submodule: Path, *, by_folder: bool
) -> None:
    if by_folder:
        file = link(file.parent / "conf", submodule.name) / "real.yaml"
    else:
        link(file, "sm/real.yaml")
    with pytest.raises(UsageError) as raised:
        earlier(file)
    assert raised.value.message == f"{file} is a link that leads out of its git repository"
    assert raised.value.hint == "name the file that it leads to"


def test_a_directory_that_became_a_submodule_is_refused(
    tmp_path: Path, submodule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its repository would be asked, whose `main` is another one."""
    monkeypatch.chdir(submodule.parent)
    for named in (submodule / "real.yaml", link(tmp_path / "to-sm", "repo/sm") / "real.yaml"):
        with pytest.raises(UsageError) as raised:
            earlier(named)
        message = f"{named} is in a submodule, which has revisions of its own"
        assert (raised.value.message, raised.value.hint) == (
            message,
            f"run the command in {submodule}",
        )
    monkeypatch.chdir(submodule)
    assert not is_changed(Path("real.yaml"))
    assert not is_changed(submodule / "real.yaml")


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.yaml", ".git/inside.yaml"])
def test_a_link_out_of_the_work_tree_is_refused(file: Path, target: str) -> None:
    valid = source(file)
    link(file, target)
    if not target.startswith("/"):
        write(file.resolve(), HEAD + PUSH)
    with pytest.raises(UsageError, match="leads out of its git repository"):
        at_revision(valid, "HEAD")


def test_a_link_of_the_user_is_followed_to_the_repository(file: Path, tmp_path: Path) -> None:
    """Links outside of every work tree are the user's own, those inside can be an edit."""
    write(file.parent / "docs/example.yaml", HEAD + PUSH)
    commit(file.parent)
    link(file, "docs/example.yaml")
    for named in (
        link(tmp_path / "to-file.yaml", "repo/ecr_access.yaml"),
        link(tmp_path / "to-folder", "repo") / FILE,
        link(tmp_path / "twice", "./to-folder/docs") / ".." / FILE,
    ):
        assert is_changed(named)


@pytest.mark.parametrize("by_folder", [False, True])
def test_a_link_that_is_new_does_not_hide_the_edit(tmp_path: Path, *, by_folder: bool) -> None:
    """What it leads to is not edited; the path that was named is."""
    repo = tmp_path / "repo"
    file = write(repo / "conf" / FILE, HEAD + PULL)
    write(repo / "docs" / FILE, HEAD + PUSH)
    new_repository(repo)
    if by_folder:
        shutil.rmtree(repo / "conf")
        link(repo / "conf", "docs")
    else:
        link(file, "../docs/ecr_access.yaml")
    commit(repo)
    assert is_changed(file, "HEAD^")
    assert not is_changed(file)
    assert not is_changed(repo / "docs" / FILE, "HEAD^")


def test_a_link_at_the_revision_is_followed_there(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    real = write(repo / "docs/real.yaml", HEAD + PULL)
    link(repo / "to-docs", "./docs/")
    file = link(repo / FILE, "to-docs/../docs/real.yaml")
    new_repository(repo)
    assert not is_changed(file)
    write(real, HEAD + PUSH)
    assert is_changed(file)
    file.unlink()
    write(file, HEAD + PULL)
    assert not is_changed(file)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/etc/hostname", "it was a link that led out of the repository"),
        ("../../repo/docs/x.yaml", "it was a link that led out of the repository"),
        ("ecr_access.yaml", "it was a link that led through too many others"),
        ("docs", "it was not a regular file"),
    ],
)
def test_what_can_not_be_followed_at_the_revision(file: Path, target: str, why: str) -> None:
    write(file.parent / "docs/x.yaml", HEAD + PULL)
    link(file, target)
    commit(file.parent)
    file.unlink()
    write(file, HEAD + PULL)
    found = earlier(file)
    assert (found.parts, found.missing) == ((), f"at HEAD, 'ecr_access.yaml' can't be read: {why}")


def test_what_the_file_was_not(file: Path) -> None:
    other = write(file.parent / "new.yaml", HEAD + PULL)
    assert earlier(other).missing == f"{other} does not exist at HEAD"
    link(other, "gone.yaml")
    commit(file.parent)
    other.unlink()
    write(other, HEAD + PULL)
    assert earlier(other).missing == f"{other} does not exist at HEAD"


INCLUDE = "repositories: {}\ninclude: [{files: PATTERN}]\n"


@pytest.fixture
def with_teams(file: Path) -> Path:
    """A committed file that includes another by a pattern."""
    write(file, HEAD + INCLUDE.replace("PATTERN", "teams/*.yaml"))
    write(file.parent / "teams/a.yaml", PULL)
    write(file.parent / "docs/a.yaml", PUSH)
    commit(file.parent)
    return file


def test_a_link_that_is_new_does_not_hide_the_edit_of_an_included_file(with_teams: Path) -> None:
    link(with_teams.parent / "teams/a.yaml", "../docs/a.yaml")
    commit(with_teams.parent)
    assert is_changed(with_teams, "HEAD^")
    assert not is_changed(with_teams)


def test_included_links_at_the_revision(with_teams: Path) -> None:
    """Inside of the directory they are followed, as in the work tree."""
    teams = with_teams.parent / "teams"
    link(teams / "a.yaml", "../docs/a.yaml")
    write(with_teams, HEAD + INCLUDE.replace("PATTERN", "to-teams/*.yaml"))
    link(with_teams.parent / "to-teams", "teams")
    commit(with_teams.parent)
    assert not is_changed(with_teams)
    write(with_teams.parent / "docs/a.yaml", PULL)
    assert is_changed(with_teams)


def test_an_included_link_that_leads_out_at_the_revision(file: Path) -> None:
    inner = write(file.parent / "in" / FILE, HEAD + INCLUDE.replace("PATTERN", "teams/*.yaml"))
    write(file.parent / "a.yaml", PULL)
    team = link(write(inner.parent / "teams/a.yaml", PULL), "../../a.yaml")
    commit(file.parent)
    team.unlink()
    write(team, PULL)
    found = earlier(inner)
    assert found.parts == ()
    assert found.missing == (
        f"{inner} is invalid at HEAD: {inner}:4:19: include-outside: "
        "'teams/a.yaml' was a link that led out of the directory of this file"
    )


def test_a_submodule_is_no_file_to_include(file: Path, submodule: Path) -> None:
    write(file, HEAD + INCLUDE.replace("PATTERN", "'**/*l.yaml'"))
    write(file.parent / "teams/l.yaml", PULL)
    commit(file.parent)
    (submodule / "real.yaml").unlink()
    assert not is_changed(file)


def test_why_an_earlier_version_is_invalid(file: Path) -> None:
    write(file, HEAD + PULL.replace("pull", "pul"))
    commit(file.parent)
    write(file, HEAD + PULL)
    assert earlier(file).missing == (
        f"{file} is invalid at HEAD: {file}:3:56: unknown-tier: 'pul' is not a tier"
    )


@pytest.mark.parametrize("ref", ["refs/tags/origin/main", "refs/heads/origin/main"])
@pytest.mark.parametrize("revision", ["origin/main", "origin/main~0"])
def test_a_name_with_two_meanings_is_refused(file: Path, ref: str, revision: str) -> None:
    git(file.parent, "update-ref refs/remotes/origin/main HEAD")
    git(file.parent, "update-ref", ref, commit(file.parent))
    with pytest.raises(UsageError) as raised:
        earlier(file, revision)
    assert raised.value.message == (
        f'"origin/main" is ambiguous in the git repository of {file}: '
        + " and ".join(sorted([ref, "refs/remotes/origin/main"]))
    )
    assert raised.value.hint == "name one of these in full"
    assert not is_changed(file, "refs/remotes/origin/main")


def test_a_tag_that_looks_like_a_commit(file: Path) -> None:
    """Git takes a whole id for the commit, and the beginning of one for the tag."""
    whole = git(file.parent, "rev-parse HEAD")
    write(file, HEAD + PUSH)
    commit(file.parent)
    for name in (whole, whole[:7], "HEAD"):
        git(file.parent, "tag", name)
    with pytest.raises(UsageError) as raised:
        earlier(file, whole[:7])
    assert raised.value.message.endswith(f": a commit's id and refs/tags/{whole[:7]}")
    assert is_changed(file, whole)
    assert is_changed(file, "HEAD~1")
    assert not is_changed(file, "@")


@pytest.mark.parametrize("revision", ["^main", "main^@", "main^!", "--all", "main\nmain", ""])
def test_what_names_more_or_less_than_a_commit(file: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="has no revision"):
        earlier(file, revision)


def test_many_folders_take_few_processes(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(file, HEAD + INCLUDE.replace("PATTERN", "'teams/**/*.yaml'"))
    for number in range(100):
        write(file.parent / f"teams/{number}/{number}.txt", "")
    write(file.parent / "teams/99/a.yaml", PULL)
    commit(file.parent)
    log = tmp_path / "log"
    counting = f'#!/bin/sh\necho >> "{log}"\nexec {shutil.which("git")} "$@"\n'
    write(tmp_path / "bin/git", counting).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert not is_changed(file)
    assert len(log.read_text()) <= 3


def deep(repository: Path, depth: int) -> None:
    """Commit the file, and another in directories within each other."""
    paths = FILE, "teams/" + "d/" * depth + "a.yaml"
    texts = (repository / FILE).read_text(), PULL
    files = (
        f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
        for path, text in zip(paths, texts, strict=True)
    )
    about = "commit refs/heads/deep\ncommitter t <t@example.com> 0 +0000\ndata 0\n"
    with write(repository.parent / "import", about + "".join(files)).open("rb") as stream:
        git(repository, "fast-import --force --quiet", stdin=stream)


def test_folders_within_each_other_are_limited(file: Path) -> None:
    """A commit can have paths that are longer than those of a file system."""
    write(file, HEAD + INCLUDE.replace("PATTERN", "'teams/**/*.yaml'"))
    write(file.parent / "teams/d/a.yaml", PULL)
    deep(file.parent, 100)
    assert earlier(file, "deep").parts
    deep(file.parent, 3_000)
    assert "too-large: to find the files of 'teams/**/*.yaml'" in earlier(file, "deep").missing
    link(file, "/".join(["d"] * 2_000))
    commit(file.parent)
    file.unlink()
    write(file, HEAD + PULL)
    assert earlier(file).missing == f"{file} does not exist at HEAD"


def test_an_object_that_the_clone_lacks_is_not_fetched(file: Path, tmp_path: Path) -> None:
    """A partial clone fetches by itself what git is asked for."""
    git(file.parent, "config uploadpack.allowFilter true")
    write(file, HEAD + PUSH)
    commit(file.parent)
    git(
        tmp_path,
        "-c protocol.file.allow=always clone --quiet --filter=blob:none",
        f"file://{file.parent}",
        "part",
    )
    with pytest.raises(ReconcileError) as raised:
        earlier(tmp_path / "part" / FILE, "HEAD^")
    assert raised.value.message.startswith("git can't read object ")
    assert raised.value.hint == "the clone is partial or damaged: clone all of it, without a filter"
    assert not is_changed(tmp_path / "part" / FILE)


def test_an_object_that_is_damaged(file: Path) -> None:
    blob = git(file.parent, "rev-parse HEAD:ecr_access.yaml")
    stored = file.parent / ".git/objects" / blob[:2] / blob[2:]
    stored.chmod(0o600)
    stored.write_bytes(b"damaged")
    with pytest.raises(ReconcileError, match=r"git can't read object \w+: error: unable"):
        earlier(file)


def test_a_replaced_object_is_the_one_that_was_committed(file: Path) -> None:
    """`refs/replace` would let another repository that was fetched rewrite the commit."""
    older = git(file.parent, "rev-parse HEAD")
    write(file, HEAD + PUSH)
    git(file.parent, "replace", older, commit(file.parent))
    assert is_changed(file, older)


def test_a_file_that_was_too_large(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    valid = source(file)
    monkeypatch.setattr(revisions, "MAX_BYTES", len(valid.content) - 1)
    found = at_revision(valid, "HEAD")
    assert found.missing == f"{file} is too large at HEAD"


def test_a_repository_with_sha_256(tmp_path: Path) -> None:
    file = write(tmp_path / "repo" / FILE, HEAD + INCLUDE.replace("PATTERN", "teams/*.yaml"))
    write(tmp_path / "repo/teams/a.yaml", PULL)
    git(file.parent, "init --quiet --object-format=sha256 --initial-branch main")
    commit(file.parent)
    assert not is_changed(file, "main")


def test_a_line_break_in_the_path_of_a_repository(tmp_path: Path) -> None:
    file = write(tmp_path / "re\npo" / FILE, HEAD + PULL)
    new_repository(file.parent)
    with pytest.raises(UsageError, match="in no git repository that can be read"):
        earlier(file)


def test_a_repository_whose_work_tree_is_elsewhere(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    git(file.parent, "config core.worktree", str(tmp_path / "other"))
    with pytest.raises(UsageError, match="is not that of a work tree"):
        earlier(file)


def test_a_linked_work_tree(file: Path, tmp_path: Path) -> None:
    git(file.parent, "worktree add --quiet", str(tmp_path / "linked"))
    write(tmp_path / "linked" / FILE, HEAD + PUSH)
    assert is_changed(tmp_path / "linked" / FILE, "main")
