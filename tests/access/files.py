"""Small access files for tests."""

from datetime import date

from reconciler.access.desired import desired_policies
from reconciler.access.load import Loaded, load_access
from reconciler.access.model import AccessFile
from reconciler.policy.grants import Desired

TODAY = date(2026, 1, 1)

HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
"""


def load(
    text: str, *, head: str = HEAD, today: date = TODAY, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    return load_access((head + text).encode(), "f.yaml", today=today, allow_public=allow_public)


def valid(text: str, *, head: str = HEAD, today: date = TODAY) -> AccessFile:
    loaded = load(text, head=head, today=today)
    assert loaded.access is not None, loaded.problems
    return loaded.access


def rules(loaded: Loaded) -> list[str]:
    return [problem.rule for problem in loaded.problems]


def desired(
    access: AccessFile, names: list[str] | None = None, today: date = TODAY
) -> dict[str, Desired]:
    return {wanted.repository: wanted for wanted in desired_policies(access, names, today=today)}


def given(access: AccessFile, repository: str, names: list[str] | None = None) -> set[str]:
    """The tiers that a repository gives, as `NAME TIER`."""
    return {f"{grant.name} {grant.tier}" for grant in desired(access, names)[repository].grants}
