"""`rollback`, as a process: what an apply replaced comes back, and nothing else is touched."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.journal_format import read_journal
from reconciler.apply.model import Done
from reconciler.model.registry import AssumedRole, RegistryScope, RepositorySettings, Target
from reconciler.policy.language.document import read_policy
from reconciler.policy.meaning.facts import same_meaning
from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import APP, SCOPE, A, B, X, begin, change, end, journal, policy
from tests.cli.conftest import ROLE_2, SEED, Reconcile
from tests.cli.edits import add_action

NAME = "payments/api"
OTHER = "tools/builder"
UNREADABLE = policy("PutImage", who=ROLE_2).replace(
    '"Action"', '"Condition": {"StringEquals": {"aws:x": []}}, "Action"'
)
PUBLIC = policy("BatchGetImage", who="*")
WRITES = {"SetRepositoryPolicy", "DeleteRepositoryPolicy"}


def journals(folder: Path) -> list[Path]:
    """The journals in the default place, oldest first."""
    return sorted((folder / ".state").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def live(ecr: Sandbox, text: str | None, repository: str = NAME) -> bool:
    """Tell whether a policy is live, in whatever words."""
    return same_meaning(read_policy(ecr.policy_text(repository)), read_policy(text))


def writes(ecr: Sandbox) -> int:
    return sum(name in WRITES for name, _ in ecr.calls())


def keep(folder: Path, content: bytes) -> str:
    (folder / "kept.jsonl").write_bytes(content)
    return "kept.jsonl"


@pytest.fixture
def two(folder: Path, ecr: Sandbox) -> tuple[Path, Sandbox]:
    """Two repositories that both have a policy, and a file that replaces both."""
    (folder / "ecr_access.yaml").write_text(SEED + f"  {OTHER}:\n    access: {{ci: pull}}\n")
    ecr.create_repository(OTHER)
    for name in (NAME, OTHER):
        ecr.set_policy_text(name, A)
    return folder, ecr


def test_there_and_back_and_there(reconcile: Reconcile, two: tuple[Path, Sandbox]) -> None:
    folder, ecr = two
    assert reconcile("apply", "--yes").code == 0
    applied = {name: ecr.policy_text(name) for name in (NAME, OTHER)}
    (first,) = journals(folder)
    (folder / "ecr_access.yaml").unlink()

    back = reconcile("rollback", str(first), "--yes")
    assert back.code == 0
    assert "Plan: 2 policies to set" in back.out
    assert "Rollback: 2 applied." in back.out
    assert all(live(ecr, A, name) for name in (NAME, OTHER))
    assert "reconcile rollback" in back.err

    again = reconcile("rollback", str(first), "--yes")
    assert (again.code, again.err) == (0, "")
    assert "2 in sync" in again.out
    assert len(journals(folder)) == 2

    assert reconcile("rollback", str(journals(folder)[1]), "--yes").code == 0
    assert all(live(ecr, text, name) for name, text in applied.items())


def test_no_policy_comes_back_as_none(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    done = reconcile("rollback", str(journals(folder)[0]), "--yes")
    assert (done.code, ecr.policy_text(NAME)) == (0, None)
    assert "1 policy to remove" in done.out
    assert "Rollback: 1 applied (1 policy removed)." in done.out


def test_a_hand_edit_is_left_alone(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    ecr.set_policy_text(NAME, A)
    assert reconcile("apply", "--yes").code == 0
    add_action(ecr, ROLE_2, "ecr:PutImage")
    edited = ecr.policy_text(NAME)
    done = reconcile("rollback", str(journals(folder)[0]), "--yes")
    assert done.code == 5
    assert (
        "changed-since: another writer has changed the policy since; the rollback does not "
        "change it" in done.out
    )
    assert ecr.policy_text(NAME) == edited


def test_one_comes_back_and_one_is_left_alone(
    reconcile: Reconcile, two: tuple[Path, Sandbox]
) -> None:
    folder, ecr = two
    assert reconcile("apply", "--yes").code == 0
    add_action(ecr, ROLE_2, "ecr:PutImage")
    done = reconcile("rollback", str(journals(folder)[0]), "--yes", "--format", "json")
    assert done.code == 6
    told = json.loads(done.out)
    assert [(c["repository"], c["outcome"]) for c in told["changes"]] == [(OTHER, "applied")]
    assert [(f["repository"], f["rule"]) for f in told["findings"]] == [(NAME, "changed-since")]
    assert told["file"]["path"] == str(journals(folder)[0])
    assert live(ecr, A, OTHER)
    assert not live(ecr, A)


def test_some_repositories_only(reconcile: Reconcile, two: tuple[Path, Sandbox]) -> None:
    folder, ecr = two
    assert reconcile("apply", "--yes").code == 0
    record = str(journals(folder)[0])
    done = reconcile("rollback", record, "--yes", "--repository", "t*", "--repository", "no?e")
    assert done.code == 0
    assert "no?e: finding: nothing-selected" in done.out
    assert live(ecr, A, OTHER)
    assert not live(ecr, A)


def test_a_pattern_that_selects_nothing_is_told(reconcile: Reconcile, folder: Path) -> None:
    rollback = ("rollback", keep(folder, journal([(A, B, "applied")])), "--repository", "typo*")
    done = reconcile(*rollback, "--yes")
    assert done.code == 0
    assert "typo*: finding: nothing-selected: the journal has no such repository" in done.out
    told = json.loads(reconcile(*rollback, "--format", "json").out)
    assert (told["changes"], told["findings"][0]["rule"]) == ([], "nothing-selected")


def test_a_journal_of_too_many_registries(offline: Reconcile, folder: Path) -> None:
    scopes = [
        RegistryScope(f"{account:012}", f"us-west-{number}")
        for account in range(101)
        for number in range(40)
    ]
    lines = [begin(change(A, B, Target(NAME, scope))) for scope in scopes]
    done = offline("rollback", keep(folder, b"".join(lines)), "--yes")
    assert (done.code, done.out) == (3, "")
    assert "names 4040 registries" in done.err


def test_a_role_of_the_journals_does_not_hide_whom_a_deny_locks_out(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    me = "arn:aws:iam::111122223333:user/sandbox"
    locked = policy("SetRepositoryPolicy", who=me).replace("Allow", "Deny")
    ecr.set_policy_text(NAME, B)
    lines = begin(change(locked, B), assume_role=AssumedRole("arn:aws:iam::111122223333:role/x"))
    done = reconcile("rollback", keep(folder, lines + end(change(locked, B))), "--yes")
    assert done.code == 5
    assert "the journal says to act as arn:aws:iam::111122223333:role/x" in done.err
    assert (
        f"a Deny on {NAME} (us-west-2) would prevent {me} from reading, setting "
        "or deleting the policy" in done.err
    )
    assert live(ecr, B)


def test_it_asks_first(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    applied = ecr.policy_text(NAME)
    for options in ([], ["--format", "json"]):
        done = reconcile("rollback", str(journals(folder)[0]), *options, stdin="y\n")
        assert done.code == 5
        assert (
            '"delete": 1' if options else "Plan: 0 policies to set, 1 policy to remove"
        ) in done.out
        assert done.err.startswith("refused: confirmation required")
        assert "--yes" in done.err
    assert ecr.policy_text(NAME) == applied
    assert len(journals(folder)) == 1


def test_a_repository_that_was_made_stays(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    ecr.create_repository("made/here")
    ecr.set_policy_text("made/here", B)
    made = change(None, B, Target("made/here", SCOPE), RepositorySettings())
    done = reconcile("rollback", keep(folder, begin(made) + end(made)), "--yes")
    assert done.code == 0
    assert "created: the repository was created by the run; it is kept" in done.out
    assert ecr.policy_text("made/here") is None


@pytest.mark.parametrize("settled", [(B, 0, A), (A, 0, A), (X, 5, X)])
def test_a_killed_run_is_settled_by_reading(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, settled: tuple[str, int, str]
) -> None:
    now, code, then = settled
    ecr.set_policy_text(NAME, now)
    lines = begin(change(A, B)) + begin(change(None, B, Target(OTHER, SCOPE)))[:-40]
    assert reconcile("rollback", keep(folder, lines), "--yes").code == code
    assert live(ecr, then)


def test_public_access_does_not_come_back_unless_allowed(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.set_policy_text(NAME, B)
    record = keep(folder, journal([(PUBLIC, B, "applied")]))
    refused = reconcile("rollback", record, "--yes")
    assert refused.code == 5
    assert "refused: public: " in refused.err
    assert f"--allow-public {NAME} allows it once" in refused.err
    assert live(ecr, B)
    assert reconcile("rollback", record, "--yes", "--allow-public", NAME).code == 0
    assert live(ecr, PUBLIC)
    assert reconcile("rollback", record, "--allow-public", "other").code == 2


def test_a_deny_of_the_caller_does_not_come_back_unless_allowed(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    deny = policy("SetRepositoryPolicy", who="*").replace("Allow", "Deny")
    ecr.set_policy_text(NAME, B)
    record = keep(folder, journal([(deny, B, "applied")]))
    refused = reconcile("rollback", record, "--yes")
    assert refused.code == 5
    assert "refused: lock_out: " in refused.err
    assert live(ecr, B)


def test_what_is_not_understood_comes_back_if_allowed(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.set_policy_text(NAME, UNREADABLE)
    options = ("--allow-public", NAME, "--allow-lock-out", NAME, "--format", "json")
    done = reconcile("rollback", keep(folder, journal([(A, UNREADABLE, "applied")])), "--yes")
    assert done.code == 0
    assert live(ecr, A)
    record = keep(folder, journal([(UNREADABLE, A, "applied")]))
    assert reconcile("rollback", record, "--yes").code == 5
    done = reconcile("rollback", record, "--yes", *options)
    assert done.code == 0
    told = json.loads(done.out)
    assert told["findings"][0]["rule"] == "unreadable-policy"
    assert told["changes"][0]["outcome"] == "applied"
    assert json.loads(ecr.policy_text(NAME) or "") == json.loads(UNREADABLE)


def test_a_repository_that_is_gone(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    gone = Target("gone/now", SCOPE)
    lines = journal([(A, B, "applied")], gone)
    done = reconcile("rollback", keep(folder, lines), "--yes")
    assert done.code == 1
    assert "missing-repository" in done.out
    ecr.set_policy_text(NAME, B)
    both = lines + journal([(A, B, "applied")])
    done = reconcile("rollback", keep(folder, both), "--yes")
    assert done.code == 6
    assert live(ecr, A)


def test_another_account_is_refused(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    there = Target(NAME, RegistryScope("222233334444", "us-west-2"))
    done = reconcile("rollback", keep(folder, journal([(A, B, "applied")], there)), "--yes")
    assert done.code == 5
    assert "222233334444" in done.err
    assert [name for name, _ in ecr.calls()] == ["GetCallerIdentity"]


def test_the_role_is_assumed_again(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    role = AssumedRole("arn:aws:iam::111122223333:role/ecr-access-reconciler", "7f3c", "ci")
    ecr.set_policy_text(NAME, B)
    made = change(A, B)
    done = reconcile("rollback", keep(folder, begin(made, assume_role=role) + end(made)), "--yes")
    assert done.code == 0
    (own,) = journals(folder)
    (write,) = read_journal(own.read_bytes())
    assert write.assume_role == role
    assert "assumed-role/ecr-access-reconciler/ci" in write.by


def test_its_own_journal_is_another_one(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    ecr.set_policy_text(NAME, B)
    record = keep(folder, journal([(A, B, "applied")]))
    (folder / "link").symlink_to(record)
    for same in (record, "./kept.jsonl", "link"):
        assert reconcile("rollback", record, "--yes", "--journal", same).code == 2
    assert live(ecr, B)
    done = reconcile("rollback", record, "--yes", "--journal", "own.jsonl")
    assert done.code == 0
    assert "reconcile rollback own.jsonl" in done.err
    (write,) = read_journal((folder / "own.jsonl").read_bytes())
    assert (write.target, write.after, write.written) == (APP, A, Done.YES)


def test_a_journal_of_nothing(offline: Reconcile, folder: Path) -> None:
    for content in (b"", begin(change(A, B))[:-5]):
        done = offline("rollback", keep(folder, content))
        assert (done.code, done.out, done.err) == (0, "", "the journal records no write\n")


BROKEN: list[tuple[str, Callable[[], bytes]]] = [
    ("is not a reconcile journal", lambda: b"hello\n"),
    ("is not a reconcile journal", SEED.encode),
    ("line 1: edited or damaged", lambda: begin(change(A, B)).replace(b"PutImage", b"GetImage")),
    ("line 2: ", lambda: begin(change(A, B)) + b"\x1b[31m\n"),
]


@pytest.mark.parametrize(("reason", "content"), BROKEN)
def test_what_is_no_journal_or_was_edited_is_refused(
    offline: Reconcile, folder: Path, reason: str, content: Callable[[], bytes]
) -> None:
    done = offline("rollback", keep(folder, content()), "--yes")
    assert (done.code, done.out) == (5 if "edited" in reason else 3, "")
    assert reason in done.err
    assert "\x1b" not in done.err


def test_another_format_is_refused(offline: Reconcile, folder: Path) -> None:
    later = begin(change(A, B)).replace(b'"format_version":"3"', b'"format_version":"4"')
    done = offline("rollback", keep(folder, later))
    assert done.code == 5
    assert "another version" in done.err


def test_no_such_journal(offline: Reconcile) -> None:
    assert offline("rollback", "nowhere.jsonl").code == 2
    assert offline("rollback", ".").code == 2
    assert offline("rollback").code == 2


def test_a_text_from_outside_controls_no_terminal(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    nasty = '{"\u001b]0;x\u0007\u202e": "\u001b[2J"}'
    ecr.set_policy_text(NAME, nasty)
    done = reconcile("rollback", keep(folder, journal([(nasty, nasty[:-1], "applied")])), "--yes")
    assert done.code == 0
    ecr.set_policy_text(NAME, B)
    done = reconcile("rollback", keep(folder, journal([(nasty, B, "applied")])), "--yes")
    assert done.code == 5
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.err)
