"""Short ways to write policy documents, for the tests of the policy and plan rooms."""

import json
from collections.abc import Mapping

from reconciler.policy.language.conditions import Condition, parse_condition
from reconciler.policy.language.document import (
    Document,
    Policy,
    Statement,
    parse_document,
    read_policy,
)
from reconciler.policy.language.principals import service_principal
from reconciler.policy.language.request_context import Caller, Context
from reconciler.policy.meaning.facts import Facts, facts_of

ACCOUNT = "444455556666"
OTHER_ACCOUNT = "777788889999"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/a"
ROLE_B = f"arn:aws:iam::{ACCOUNT}:role/b"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
LAMBDA = {"Service": "lambda.amazonaws.com"}
REPOSITORY_ARN = "arn:aws:ecr:us-west-2:111122223333:repository/app"

GET = "ecr:BatchGetImage"
PUT = "ecr:PutImage"
URL = "ecr:GetDownloadUrlForLayer"
PULL = ["ecr:BatchCheckLayerAvailability", GET, URL]

Json = dict[str, object]


def allow(who: object = ROLE, do: object = GET, when: object = None, **elements: object) -> Json:
    """Write an Allow; `who` and `do` may be None to leave the element out."""
    return _statement("Allow", who, do, when, elements)


def deny(who: object = ROLE, do: object = GET, when: object = None, **elements: object) -> Json:
    """Write a Deny; `who` and `do` may be None to leave the element out."""
    return _statement("Deny", who, do, when, elements)


def doc(*statements: object, version: str | None = "2012-10-17", **elements: object) -> str:
    """Write a document as text; no version where it is None."""
    head: Json = {} if version is None else {"Version": version}
    return json.dumps({**head, **elements, "Statement": list(statements)})


def text_of(policy: str | Json | list[Json]) -> str:
    """Write a policy that is given as a text, a statement or a list of statements."""
    if isinstance(policy, str):
        return policy
    return doc(*policy) if isinstance(policy, list) else doc(policy)


def read(policy: str | Json | list[Json], partition: str = "aws") -> Policy:
    """Read a policy as the tests' repository's own."""
    return read_policy(text_of(policy), partition=partition, arn=REPOSITORY_ARN)


def document(*statements: Json, version: str | None = "2012-10-17") -> Document:
    """Read statements that are understood."""
    return parse_document(doc(*statements, version=version), arn=REPOSITORY_ARN)


def statement(raw: Json) -> Statement:
    """Read one statement."""
    return document(raw).statements[0]


def facts(*statements: Json) -> Facts:
    """Say what statements mean."""
    return facts_of(document(*statements).statements)


def service(
    name: str, context: Context | None = None, absent: frozenset[str] = frozenset()
) -> Caller:
    """A service that acts on its own behalf."""
    return Caller((service_principal(name),), context or {}, absent)


def condition(operator: str, key: str, *values: object) -> Condition:
    """Read a condition of one operator and key."""
    return parse_condition({operator: {key: list(values)}})


def _statement(
    effect: str, who: object, do: object, when: object, elements: Mapping[str, object]
) -> Json:
    written: Json = {"Effect": effect}
    if who is not None:
        written["Principal"] = {"AWS": who} if isinstance(who, list) or _is_name(who) else who
    if do is not None:
        written["Action"] = do
    if when is not None:
        written["Condition"] = when
    return {**written, **elements}


def _is_name(who: object) -> bool:
    return isinstance(who, str) and who != "*"
