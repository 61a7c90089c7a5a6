"""Random callers of the random policies, and policies put together again from their facts."""

from collections.abc import Iterable
from itertools import product

from hypothesis import strategies as st

from reconciler.policy.language.conditions import condition_json
from reconciler.policy.language.document import Document, NotAction
from reconciler.policy.language.principals import Principal
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import iam_caller
from reconciler.policy.meaning.evaluate import Verdict, evaluate
from reconciler.policy.meaning.facts import Facts, Holder
from tests.policy.making import (
    ACCOUNT,
    GET,
    OTHER_ACCOUNT,
    PUT,
    ROLE,
    ROLE_B,
    USER,
    Json,
    allow,
    service,
    statement,
)

ACTIONS = (
    GET,
    PUT,
    "ecr:PutImageTagMutability",
    "ecr:FlyToTheMoon",
    "ecr:GetAuthorizationToken",
    "s3:GetObject",
)
NAMES = (ROLE, ROLE_B, USER, f"arn:aws:iam::{OTHER_ACCOUNT}:role/x")
VALUES: dict[str, list[tuple[str, ...]]] = {
    "aws:principalorgid": [("o-1",), ("o-9",)],
    "aws:principalorgpaths": [("o-1/r-1/",), ("o-9/r-9/",), ("o-9/r-9/", "o-2/r-1/")],
    "aws:principalarn": [(ROLE,), (ROLE_B,), (USER,)],
    "aws:sourceip": [("203.0.113.7",), ("203.0.113.8",), ("192.0.2.1",)],
    "aws:securetransport": [("true",), ("false",)],
    "aws:multifactorauthage": [("4",), ("30",), ("90",)],
    "aws:principaltag/team": [("a",), ("b",), ("z",)],
    "aws:currenttime": [("2026-11-30T23:59:59Z",), ("2026-12-01T00:00:00Z",)],
    "aws:tokenissuetime": [("1796083200",), ("2026-12-02T00:00:00Z",), ("2026-12-03T00:00:00Z",)],
    "aws:sourcevpc": [("vpc-1",), ("vpc-9",)],
}
EVERYTHING = statement(allow("*", "*"))

Request = tuple[dict[str, tuple[str, ...]], frozenset[str]]

_states = {key: st.sampled_from([*values, (), None]) for key, values in VALUES.items()}
requests: st.SearchStrategy[Request] = st.fixed_dictionaries(_states).map(
    lambda states: (
        {key: values for key, values in states.items() if values},
        frozenset(key for key, values in states.items() if values == ()),
    )
)
"""What is known of a request: each key has a value, is absent, or is unknown."""


def panel(request: Request) -> tuple[Caller, ...]:
    """Everyone who could make such a request."""
    session = Principal("AWS", (f"arn:aws:sts::{ACCOUNT}:assumed-role/a/build-7",))
    role = iam_caller(ROLE, *request)
    return (
        *(iam_caller(name, *request) for name in NAMES),
        Caller((session, *role.principals), role.context, role.absent),
        service("lambda.amazonaws.com", *request),
        service("ecs.amazonaws.com", *request),
        Caller((), *request),
    )


def answers(policy: Document, callers: Iterable[Caller]) -> list[Verdict]:
    """What a policy answers to each caller and action, as it is and with everything allowed.

    The latter brings out what it denies.
    """
    sides = (policy, policy._replace(statements=(*policy.statements, EVERYTHING)))
    asked = product(sides, tuple(callers), ACTIONS)
    return [evaluate(side, caller, action).verdict for side, caller, action in asked]


def rebuilt(facts: Facts) -> list[Json]:
    """Write the statements that say these facts and nothing else, one for each."""
    return [
        _statement(holder, action)
        for holder, actions in sorted(facts.items())
        for action in sorted(actions, key=str)
    ]


def _statement(holder: Holder, action: str | NotAction) -> Json:
    kind, names = holder.principal
    written: Json = {"Effect": holder.effect}
    if kind == "NotPrincipal":
        excluded: dict[str, list[str]] = {}
        for name in names:
            of_kind, _, rest = name.partition(":")
            excluded.setdefault(of_kind, []).append(rest)
        written["NotPrincipal"] = excluded
    else:
        written["Principal"] = {kind: list(names)}
    if isinstance(action, NotAction):
        written["NotAction"] = list(action.excluded)
    else:
        written["Action"] = action
    return {**written, "Condition": condition_json(holder.condition)}
