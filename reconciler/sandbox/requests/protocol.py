"""AWS requests parsed, and responses and errors rendered, as ECR and STS send them.

The wording of errors is ECR's own (aws/aws-dotnet-deploy#549,
int128/create-ecr-repository-action#231) unless marked as assumed.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request, Response

from reconciler.sandbox.json_values import Json, JsonObject

_TARGET = "AmazonEC2ContainerRegistry_V20150921."
# Access key id, region and service of a signature.
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[0-9]{8}/([^/,\s]+)/([^/,\s]+)/")


class Call(NamedTuple):
    """An entry of the call log: an operation of any service, and its repository or None.

    Of a creation template it has the prefix. It equals a plain tuple: `("SetRepositoryPolicy",
    "payments/api")`.
    """

    name: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request to an AWS service.

    `access_key` is the caller's access key id and `account` its 12-digit account; `region` and
    `service` are those of the signature. `service` is `ecr` for each ECR request, signed or not.
    `parameters` is the JSON body of an ECR request, and the form of a service with the query
    protocol, such as STS, where of several values the first counts; empty for other services.
    """

    access_key: str
    account: str
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Json]

    @property
    def partition(self) -> str:
        """The partition of the region: `aws`, `aws-cn`, ..."""
        return get_partition(self.region)

    @property
    def is_ecr(self) -> bool:
        """Whether this is an ECR request."""
        return self.service == "ecr"

    @property
    def call(self) -> Call:
        """The entry of this request in the call log."""
        return Call(self.operation, self.text("repositoryName") or self.text("prefix"))

    def text(self, parameter: str) -> str | None:
        """Return a parameter, None if it is absent or not a string."""
        value = self.parameters.get(parameter)
        return value if isinstance(value, str) else None


Operation: TypeAlias = Callable[[AwsRequest], JsonObject]
"""An ECR operation: from a request to the content of the response, or ServiceError."""


@dataclass(eq=False)
class ServiceError(Exception):
    """An error of the service, with its HTTP status."""

    code: str
    message: str
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


def parse_request(request: Request, default_account: str) -> AwsRequest:
    """Return the AWS request in an HTTP request.

    `default_account` owns the access keys that moto's IAM does not know.
    """
    credential = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    key, region, service = credential.groups() if credential else ("", "us-east-1", "")
    account = _account_of(key) or default_account
    target = request.headers.get("X-Amz-Target", "")
    if target.startswith(_TARGET):
        operation, parameters = target.removeprefix(_TARGET), _parameters(request)
        return AwsRequest(key, account, region, "ecr", operation, parameters)
    form = {} if target else _form(request)
    operation = target.rpartition(".")[2] or form.get("Action", request.path)
    return AwsRequest(key, account, region, service, operation, form)


def json_response(content: JsonObject, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a response of ECR."""
    headers = {"x-amzn-RequestId": str(uuid4())}
    return Response(json.dumps(content), status, headers, content_type="application/x-amz-json-1.1")


def error_response(error: ServiceError, request: AwsRequest) -> Response:
    """Return an error in the protocol of the service: ECR's JSON, or the XML of STS and IAM."""
    if request.is_ecr:
        return json_response({"__type": error.code, "message": error.message}, error.status)
    request_id = str(uuid4())
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message>"
        f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"x-amzn-RequestId": request_id}
    return Response(body, error.status, headers, content_type="text/xml")


def invalid_parameter(parameter: str, constraint: str) -> ServiceError:
    """Return the InvalidParameterException of a parameter."""
    return ServiceError(
        "InvalidParameterException",
        f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'",
    )


def limit_exceeded(account: str, things: str, limit: int) -> ServiceError:
    """Return the LimitExceededException of a registry that has `limit` things. Assumed wording."""
    return ServiceError(
        "LimitExceededException",
        f"The registry with id '{account}' already has "
        f"the maximum allowed number of {things} which is '{limit}'",
    )


def check_length(parameter: str, length: int, limits: tuple[int, int]) -> None:
    """Raise ServiceError if `length` is outside `limits`, both inclusive.

    The wording for a value that is too long is assumed, after the one for too short.
    """
    least, most = limits
    if length < least:
        raise invalid_parameter(parameter, f"must have length greater than or equal to {least}")
    if length > most:
        raise invalid_parameter(parameter, f"must have length less than or equal to {most}")


def _account_of(access_key: str) -> str | None:
    for account, partitions in list(iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(partitions.values())):
            return account
    return None


def _parameters(request: Request) -> Mapping[str, Json]:
    try:
        parameters = json.loads(request.get_data())
    except ValueError:
        return {}
    return parameters if isinstance(parameters, dict) else {}


def _form(request: Request) -> Mapping[str, str]:
    fields = parse_qs(request.get_data().decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}
