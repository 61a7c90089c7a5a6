"""Answers as they go over the wire: ECR's JSON, and the refusals of STS."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from reconciler.sandbox.calls import ServiceError
from reconciler.sandbox.grammar import Json


def answer(content: Mapping[str, Json]) -> Response:
    """Return ECR's answer to a call that it carried out."""
    return _json(HTTPStatus.OK, content)


def refusal(error: ServiceError) -> Response:
    """Return ECR's answer to a call that it refuses."""
    return _json(error.status, {"__type": error.code, "message": error.message})


def sts_refusal(error: ServiceError) -> Response:
    """Return the answer of STS to a call that it refuses, in the query protocol's XML."""
    response = Response(status=error.status, content_type="text/xml")
    request_id = _request_id(response)
    response.set_data(
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message>"
        f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return response


def error_code(response: Response) -> str | None:
    """Return the code of ECR's refusal, None where it carried the call out."""
    if response.status_code == HTTPStatus.OK:
        return None
    code = json.loads(response.get_data()).get("__type", "")
    return str(code).rpartition("#")[2]


def _json(status: HTTPStatus, content: Mapping[str, Json]) -> Response:
    response = Response(json.dumps(content), status, content_type="application/x-amz-json-1.1")
    _request_id(response)
    return response


def _request_id(response: Response) -> str:
    request_id = str(uuid4())
    response.headers["x-amzn-RequestId"] = request_id
    return request_id
