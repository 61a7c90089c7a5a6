"""Policy texts: rewritten as the service returns them, and edited by other writers.

Pure functions. Any JSON is accepted, and returned unchanged where it is not a policy.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import TypeAlias

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.json_values import Json, JsonObject, as_list, parse_json

_ACCOUNT = re.compile(r"[0-9]{12}")
_PRINCIPALS = ("Principal", "NotPrincipal")
_ACTIONS = ("Action", "NotAction")

_Change: TypeAlias = Callable[[str, Json], Json]

LAMBDA_SID = "LambdaECRImageRetrievalPolicy"
RETRIEVAL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
CONCURRENT_SID = "ConcurrentWriter"
_LAMBDA = "lambda.amazonaws.com"


def aws_principals(text: str) -> list[str]:
    """Return the AWS principals that a policy text names, [] for text that is not JSON."""
    try:
        document = parse_json(text)
    except ValueError:
        return []
    names: list[str] = []
    for statement in as_list(document.get("Statement") if isinstance(document, dict) else None):
        for element in _PRINCIPALS:
            principal = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(principal, dict):
                names += [n for n in as_list(principal.get("AWS")) if isinstance(n, str)]
    return names


def rename_principals(text: str, names: Mapping[str, str]) -> str:
    """Return a policy text with its AWS principals renamed, the same text if none changes.

    Conditions are unchanged: the service converts principals only ("AWS JSON policy elements:
    Principal", IAM User Guide). The text must be JSON.
    """
    if all(old == new for old, new in names.items()):
        return text

    def rename(kind: str, values: Json) -> Json:
        if kind != "AWS":
            return values
        return _each(values, lambda n: names.get(n, n) if isinstance(n, str) else n)

    return json.dumps(_change_values(parse_json(text), rename), ensure_ascii=False)


def rewrite_policy(text: str, behaviour: Behaviour, partition: str, rng: Random) -> str:
    """Return the stored `text` as one read returns it, unchanged if it is not JSON.

    `partition` is the partition of the root ARN that replaces an account id; `rng` determines the
    order of the lists.
    """
    if not (behaviour.rewrite or behaviour.shuffle):
        return text
    try:
        document = parse_json(text)
        if behaviour.shuffle:
            document = shuffle(document, rng)
        if not behaviour.rewrite:
            return json.dumps(document, ensure_ascii=False)
        document = respell(document, partition)
        # The service's own key order is unknown; the alphabetical one rarely equals the writer's.
        return json.dumps(
            document, indent=2, separators=(",", " : "), sort_keys=True, ensure_ascii=False
        )
    except (ValueError, RecursionError):
        return text


def respell(document: Json, partition: str) -> Json:
    """Return a policy with one-element lists as strings and account ids as root ARNs."""

    def change(kind: str, values: Json) -> Json:
        if kind == "AWS":
            values = _each(values, lambda name: _root_arn(name, partition))
        one_string = isinstance(values, list) and len(values) == 1 and isinstance(values[0], str)
        return as_list(values)[0] if one_string else values

    return _change_values(document, change)


def shuffle(document: Json, rng: Random) -> Json:
    """Return a policy with its statements, principals and actions in a random order."""

    def change(kind: str, values: Json) -> Json:
        if isinstance(values, list) and kind != "Condition":
            return rng.sample(values, len(values))
        return values

    if isinstance(document, dict) and "Statement" in document:
        document = document | {"Statement": change("Statement", document["Statement"])}
    return _change_values(document, change)


def _root_arn(name: Json, partition: str) -> Json:
    if isinstance(name, str) and _ACCOUNT.fullmatch(name):
        return f"arn:{partition}:iam::{name}:root"
    return name


def _change_values(document: Json, change: _Change) -> Json:
    """Return a policy with the values of its principals, actions and condition keys changed.

    `change` takes the kind of the values and the values. The kind is "Action", "Condition", or
    the type of a principal, such as "AWS".
    """

    def element(name: str, value: Json) -> Json:
        if name in _PRINCIPALS:
            return _members(value, change)
        if name in _ACTIONS:
            return change("Action", value)
        if name == "Condition":
            return _members(value, lambda _, keys: _members(keys, condition))
        return value

    def condition(_key: str, values: Json) -> Json:
        return change("Condition", values)

    if not isinstance(document, dict) or "Statement" not in document:
        return document
    statements = _each(document["Statement"], lambda statement: _members(statement, element))
    return document | {"Statement": statements}


def _members(value: Json, change: _Change) -> Json:
    if not isinstance(value, dict):
        return value
    return {name: change(name, member) for name, member in value.items()}


def _each(value: Json, change: Callable[[Json], Json]) -> Json:
    return [change(item) for item in value] if isinstance(value, list) else change(value)


def add_lambda_statement(text: str | None, source_arn: str, actions: Iterable[str]) -> str:
    """Return a policy text that allows `actions` to the Lambda functions of `source_arn`.

    `text` is the policy so far, or None. Raises ValueError if it is not a policy. Evidenced: that
    Lambda adds the statement, its Sid, service and two actions, and the condition on aws:sourceArn
    ("Create a Lambda function using a container image", AWS Lambda Developer Guide). Assumed: that
    a second function is added to the same statement, that the three actions on the policy itself
    are sometimes among its actions, and the version of a policy that Lambda creates.
    """
    document, statements = _policy(text, version="2008-10-17")
    sources, allowed = {source_arn}, set(actions)
    kept: list[Json] = []
    for statement in statements:
        match statement:
            case {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": old_actions,
                "Condition": {"StringLike": {"aws:sourceArn": old_sources, **keys}, **operators},
            } if (sid, service, keys, operators) == (LAMBDA_SID, _LAMBDA, {}, {}):
                sources.update(map(str, as_list(old_sources)))
                allowed.update(map(str, as_list(old_actions)))
            case _:
                kept.append(statement)
    condition: Json = {"StringLike": {"aws:sourceArn": [*sorted(sources)]}}
    added = _allow(LAMBDA_SID, {"Service": _LAMBDA}, [*sorted(allowed)])
    return json.dumps({**document, "Statement": [*kept, added | {"Condition": condition}]})


def add_concurrent_statement(text: str | None, role_arn: str, resource: str | None = None) -> str:
    """Return a policy text that also allows `role_arn` to list images, of `resource` if given.

    `text` is the policy so far, or None. Raises ValueError if it is not a policy.
    """
    document, statements = _policy(text, version="2012-10-17")
    of: JsonObject = {} if resource is None else {"Resource": resource}
    added = _allow(CONCURRENT_SID, {"AWS": role_arn}, "ecr:ListImages") | of
    return json.dumps({**document, "Statement": [*statements, added]})


def _policy(text: str | None, version: str) -> tuple[JsonObject, list[Json]]:
    document: Json = {"Version": version} if text is None else parse_json(text)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the text is at fault, not a caller
    return document, as_list(document.get("Statement", []))


def _allow(sid: str, principal: JsonObject, action: Json) -> JsonObject:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action}
