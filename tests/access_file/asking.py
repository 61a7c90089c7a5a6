"""Small files for the tests of this room, and what is said of them."""

from datetime import UTC, datetime

from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import Loaded, load_access

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMED = 'accounts: {workloads: "444455556666"}\n'
HEAD = 'version: 1\nregistry: {account: "111122223333", regions: [us-west-2]}\n'
ONE_REPOSITORY = "repositories: {tools/one: {access: {who: pull}}}\n"


def load(body: str, *, allow_public: frozenset[str] = frozenset()) -> Loaded:
    """Load a file of version 1 with a registry in us-west-2, and this body."""
    return load_access((HEAD + body).encode(), "f.yaml", now=NOW, allow_public=allow_public)


def of_principal(definition: str, *, accounts: str = NAMED) -> Loaded:
    """Load a file in which `who`, so defined, may pull from one repository."""
    return load(f"{accounts}principals: {{who: {definition}}}\n{ONE_REPOSITORY}")


def of_statement(statement: str, *, accounts: str = NAMED) -> Loaded:
    """Load a file with one raw statement."""
    return load(f"{accounts}repositories: {{tools/one: {{statements: [{statement}]}}}}\n")


def rules(loaded: Loaded) -> list[str]:
    """The rules of all problems, in the order of their places."""
    return [problem.rule for problem in loaded.problems]


def only(loaded: Loaded) -> Problem:
    """The one problem that there is."""
    (problem,) = loaded.problems
    return problem
