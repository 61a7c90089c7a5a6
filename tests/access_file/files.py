"""Small access files for tests."""

from datetime import UTC, datetime

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import Loaded, check_document, read_document
from reconciler.access_file.model import AccessFile
from reconciler.model.access import Desired

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = 'version: 1\nregistry: {account: "111122223333", regions: [us-west-2]}\n'
NAMED = 'accounts: {workloads: "444455556666"}\n'
ONE_REPOSITORY = "repositories: {tools/one: {access: {who: pull}}}\n"


def load_access(
    content: bytes, path: str, *, now: datetime, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    """Read an access file that includes no others."""
    return check_document(read_document(content, path), None, now=now, allow_public=allow_public)


def load(
    text: str, *, head: str = HEAD, now: datetime = NOW, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    return load_access((head + text).encode(), "f.yaml", now=now, allow_public=allow_public)


def of_principal(definition: str, *, accounts: str = NAMED) -> Loaded:
    """Load a file in which `who`, so defined, may pull from one repository."""
    return load(f"{accounts}principals: {{who: {definition}}}\n{ONE_REPOSITORY}")


def of_statement(statement: str, *, accounts: str = NAMED) -> Loaded:
    """Load a file with one raw statement."""
    return load(f"{accounts}repositories: {{tools/one: {{statements: [{statement}]}}}}\n")


def valid(text: str, *, head: str = HEAD, now: datetime = NOW) -> AccessFile:
    loaded = load(text, head=head, now=now)
    assert loaded.parts, loaded.problems
    return loaded.parts[0]


def rules(loaded: Loaded) -> list[str]:
    """The rules of all problems, in the order of their places."""
    return [problem.rule for problem in loaded.problems]


def only(loaded: Loaded) -> Problem:
    """The one problem that there is."""
    (problem,) = loaded.problems
    return problem


def desired(
    access: AccessFile, names: list[str] | None = None, now: datetime = NOW
) -> dict[str, Desired]:
    return {wanted.repository: wanted for wanted in desired_policies(access, names, now=now)}


def given(access: AccessFile, repository: str, names: list[str] | None = None) -> set[str]:
    """The tiers that a repository gives, as `NAME TIER`."""
    return {f"{grant.name} {grant.tier}" for grant in desired(access, names)[repository].grants}
