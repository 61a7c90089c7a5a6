"""The statements that other writers add to a policy: AWS Lambda, and a concurrent writer.

Lambda adds a statement itself, so that it can pull a function's image. Evidenced: that Lambda
adds it, its Sid, service and two actions, and the condition on aws:sourceArn ("Create a Lambda
function using a container image", AWS Lambda Developer Guide). Assumed: that a second function is
added to the same statement, that the three actions on the policy itself are sometimes among its
actions, and the version of a policy that Lambda creates.
"""

import json
from collections.abc import Iterable

from reconciler.sandbox.policy_text import Json, JsonObject, as_list, parse_json

LAMBDA_SID = "LambdaECRImageRetrievalPolicy"
RETRIEVAL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
CONCURRENT_SID = "ConcurrentWriter"
_LAMBDA = "lambda.amazonaws.com"


def add_lambda_statement(text: str | None, source_arn: str, actions: Iterable[str]) -> str:
    """Return a policy text that allows `actions` to the Lambda functions of `source_arn`.

    `text` is the policy so far, or None. Raises ValueError if it is not a policy.
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


def add_concurrent_statement(text: str | None, role_arn: str) -> str:
    """Return a policy text that also allows `role_arn` to list images.

    `text` is the policy so far, or None. Raises ValueError if it is not a policy.
    """
    document, statements = _policy(text, version="2012-10-17")
    added = _allow(CONCURRENT_SID, {"AWS": role_arn}, "ecr:ListImages")
    return json.dumps({**document, "Statement": [*statements, added]})


def _policy(text: str | None, version: str) -> tuple[JsonObject, list[Json]]:
    document: Json = {"Version": version} if text is None else parse_json(text)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the text is at fault, not a caller
    return document, as_list(document.get("Statement", []))


def _allow(sid: str, principal: JsonObject, action: Json) -> JsonObject:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action}
