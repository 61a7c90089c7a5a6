"""The statement that Lambda itself adds to a repository's policy, to fetch a function's image.

Evidenced: that Lambda adds it, its Sid, service and two actions, and the condition on
aws:sourceArn ("Create a Lambda function using a container image", AWS Lambda Developer Guide).
Assumed: that a second function is added to the same statement, that the three actions on the
policy itself are now and then among its actions, and the version of a policy that it begins.
"""

import json
from collections.abc import Iterable

from reconciler.sandbox.grammar import Json, PolicyRefusedError, listed, parsed

SID = "LambdaECRImageRetrievalPolicy"
RETRIEVAL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
POLICY_ACTIONS = (
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:SetRepositoryPolicy",
)
_SERVICE = "lambda.amazonaws.com"


def with_image_retrieval(text: str | None, source_arn: str, actions: Iterable[str]) -> str:
    """Return a policy text in which the functions of `source_arn` may do `actions`.

    `text` is the policy so far, None for none. Raises ValueError where it is no policy.
    """
    document = parsed(text) if text is not None else {"Version": "2008-10-17"}
    if not isinstance(document, dict):
        raise PolicyRefusedError("not an object")
    sources, allowed = {source_arn}, set(actions)
    others: list[Json] = []
    for statement in listed(document.get("Statement", [])):
        match statement:
            case {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": had,
                "Condition": {"StringLike": {"aws:sourceArn": before, **keys}, **operators},
            } if (sid, service, keys, operators) == (SID, _SERVICE, {}, {}):
                sources.update(map(str, listed(before)))
                allowed.update(map(str, listed(had)))
            case _:
                others.append(statement)
    return json.dumps({**document, "Statement": [*others, _statement(sources, allowed)]})


def _statement(sources: Iterable[str], actions: Iterable[str]) -> Json:
    return {
        "Sid": SID,
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": [*sorted(actions)],
        "Condition": {"StringLike": {"aws:sourceArn": [*sorted(sources)]}},
    }
