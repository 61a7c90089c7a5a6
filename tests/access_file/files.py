"""Small access files for tests."""

from datetime import UTC, datetime

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.load import Loaded, load_access
from reconciler.access_file.model import AccessFile
from reconciler.model.access import Desired

NOW = datetime(2026, 1, 1, tzinfo=UTC)

HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
"""


def load(
    text: str, *, head: str = HEAD, now: datetime = NOW, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    return load_access((head + text).encode(), "f.yaml", now=now, allow_public=allow_public)


def valid(text: str, *, head: str = HEAD, now: datetime = NOW) -> AccessFile:
    loaded = load(text, head=head, now=now)
    assert loaded.access is not None, loaded.problems
    return loaded.access


def rules(loaded: Loaded) -> list[str]:
    return [problem.rule for problem in loaded.problems]


def desired(
    access: AccessFile, names: list[str] | None = None, now: datetime = NOW
) -> dict[str, Desired]:
    return {wanted.repository: wanted for wanted in desired_policies(access, names, now=now)}


def given(access: AccessFile, repository: str, names: list[str] | None = None) -> set[str]:
    """The tiers that a repository gives, as `NAME TIER`."""
    return {f"{grant.name} {grant.tier}" for grant in desired(access, names)[repository].grants}
