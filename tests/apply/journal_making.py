"""Short ways to write a journal, and what a run would write into it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from reconciler.apply.journal_format import Author, RunInfo, begin_line, end_line
from reconciler.apply.model import Done, Outcome, Result
from reconciler.model.registry import (
    AssumedRole,
    RegistryScope,
    RepositorySettings,
    Target,
    registry_target,
    template_target,
)
from reconciler.model.templates import CreationTemplate
from reconciler.plan.model import Change

SCOPE = RegistryScope("111122223333", "us-west-2")
NAME = "payments/api"
APP = Target(NAME, SCOPE)
REGISTRY = registry_target(SCOPE)
TEMPLATE = template_target("payments", SCOPE)
CALLER = "arn:aws:iam::111122223333:user/ci"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def policy(*actions: str, who: str = "444455556666") -> str:
    """Allow somebody some actions."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": [f"ecr:{action}" for action in actions],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


A, B, C, X = (policy(name) for name in ("PutImage", "ListImages", "BatchGetImage", "TagResource"))


def on_repositories(text: str, pattern: str = "payments/*") -> str:
    """Return a policy as the registry's own: each statement on some repositories."""
    value = json.loads(text)
    where = f"arn:aws:ecr:{SCOPE.region}:{SCOPE.account}:repository/{pattern}"
    return json.dumps(
        {**value, "Statement": [{**s, "Resource": where} for s in value["Statement"]]}
    )


def template(text: str | None, *applied_for: str, **rest: object) -> str:
    """Return a creation template with this policy; `rest` are its other fields."""
    made = {"encryptionConfiguration": {"encryptionType": "AES256"}, **rest}
    return CreationTemplate("payments", applied_for or ("REPLICATION",), text, made).text


NAMES = {None: "none", A: "A", B: "B", C: "C", X: "X"}


def change(
    before: str | None,
    after: str | None,
    target: Target = APP,
    settings: RepositorySettings | None = None,
) -> Change:
    """Change a policy or template; with settings, make the repository first."""
    is_new = settings or (target.subject == "creation-template" and before is None)
    kind = "create" if is_new else "delete" if after is None else "set"
    return Change(target, kind, (), before, after, settings=settings)


def info(
    run: str = "r1",
    *scopes: RegistryScope,
    assume_role: AssumedRole | None = None,
    profile: str | None = None,
) -> RunInfo:
    """Head a run of apply."""
    author = Author(CALLER, assume_role, profile)
    authors = dict.fromkeys(scopes or (SCOPE,), author)
    return RunInfo(run, "apply", None, "ecr_access.yaml", authors)


def begin(
    made: Change,
    run: str = "r1",
    *,
    assume_role: AssumedRole | None = None,
    profile: str | None = None,
) -> bytes:
    """Write the line before a write."""
    run_info = info(run, made.target.scope, assume_role=assume_role, profile=profile)
    return begin_line(run_info, made, NOON)


def end(
    made: Change, run: str = "r1", result: Result = "applied", *, written: Done = Done.NO
) -> bytes:
    """Write the line after a write; what was applied was written."""
    written = Done.YES if result == "applied" else written
    return end_line(info(run, made.target.scope), Outcome(made, result, written=written), NOON)


def journal(writes: Sequence[tuple[str | None, str | None, str]], target: Target = APP) -> bytes:
    """Write a journal of one repository, each write in a run of its own.

    The third of each says how it ended: `applied`, `killed`, `refused` (nothing was written) or
    `doubtful` (failed, and something may have been).
    """
    lines = []
    for number, (before, after, ending) in enumerate(writes):
        made, run = change(before, after, target), f"run-{number}"
        lines.append(begin(made, run))
        if ending == "applied":
            lines.append(end(made, run))
        elif ending != "killed":
            lines.append(end(made, run, "failed", written=Done(ending == "doubtful")))
    return b"".join(lines)
