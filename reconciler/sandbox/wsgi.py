"""The layer between the HTTP server and moto: ECR's calls as the service answers them.

Everything that moto does right goes to moto, in process and unchanged.
"""

import io
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from random import Random
from threading import Lock
from urllib.parse import parse_qs
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from reconciler.sandbox import operations
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.calls import Call, Caller, EcrCall, ServiceError
from reconciler.sandbox.grammar import Json
from reconciler.sandbox.repositories import find_repository
from reconciler.sandbox.rewrite import as_read
from reconciler.sandbox.state import State, new_state

_TARGET = "AmazonEC2ContainerRegistry_V20150921."
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/[0-9]{8}/(?P<region>[^/,\s]+)/")
_CONTENT_TYPE = "application/x-amz-json-1.1"

_OURS: Mapping[str, Callable[[EcrCall, State], dict[str, Json]]] = {
    "SetRepositoryPolicy": operations.set_repository_policy,
    "DescribeRepositories": operations.describe_repositories,
}


class EmbeddedEcr:
    """A WSGI application: moto, with ECR corrected. Safe for calls from several threads.

    `account` is whose the access keys are that moto's IAM does not know. `calls` is the log of
    all calls, of any service, in the order of arrival; `state` is what they work on.
    """

    def __init__(self, behaviour: Behaviour, account: str) -> None:
        self.calls: list[Call] = []
        self.state = new_state(behaviour)
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._reads: Counter[tuple[str, str, str | None]] = Counter()
        self._reads_lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)  # moto reads it again
        caller = _caller(request, self._account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        target = request.headers.get("X-Amz-Target", "")
        if target.startswith(_TARGET):
            call = EcrCall(target.removeprefix(_TARGET), _parameters(body), caller)
            self.calls.append(Call(call.operation, call.text("repositoryName")))
            response = self._answer(call, environ)
        else:
            self.calls.append(Call(_operation(request, body), None))
            response = self._by_moto(environ)
        return response(environ, start_response)

    def _answer(self, call: EcrCall, environ: WSGIEnvironment) -> Response:
        # Throttling, faults and a concurrent writer have their place here, before the call.
        time.sleep(self.state.behaviour.latency)
        try:
            operations.check_call(call)
            if ours := _OURS.get(call.operation):
                return self._answered(call, ours(call, self.state))
            response = self._by_moto(environ)
            if response.status_code != HTTPStatus.OK:
                return response
            if call.operation == "CreateRepository":
                return self._answered(call, operations.created_repository(call))
            return self._answered(call, json.loads(response.get_data()))
        except ServiceError as error:
            refusal: dict[str, Json] = {"__type": error.code, "message": error.message}
            return _response(HTTPStatus.BAD_REQUEST, refusal)

    def _answered(self, call: EcrCall, answer: dict[str, Json]) -> Response:
        # Writes answer with the policy text as well; that they respell it too is assumed.
        if isinstance(text := answer.get("policyText"), str):
            answer = answer | {"policyText": self._read(call, text)}
        return _response(HTTPStatus.OK, answer)

    def _read(self, call: EcrCall, text: str) -> str:
        caller, name = call.caller, call.text("repositoryName")
        if name and (repository := find_repository(caller.account, caller.region, name)):
            text = self.state.policies.named_now(repository, text)
        place = (caller.account, caller.region, name)
        with self._reads_lock:
            self._reads[place] += 1
            count = self._reads[place]
        # One generator per read: the order does not depend on which thread came first.
        rng = Random(f"{self.state.behaviour.seed} {place} {count}")  # noqa: S311 - meant to be predictable
        return as_read(text, self.state.behaviour, caller.partition, rng)

    def _by_moto(self, environ: WSGIEnvironment) -> Response:
        return Response.from_app(self._moto, environ, buffered=True)


def _caller(request: Request, default_account: str) -> Caller:
    credential = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    if credential is None:
        return Caller("", default_account, "us-east-1")
    key = credential["key"]
    for account, partitions in list(iam_backends.items()):
        if any(key in backend.access_keys for backend in list(partitions.values())):
            return Caller(key, account, credential["region"])
    return Caller(key, default_account, credential["region"])


def _parameters(body: bytes) -> dict[str, Json]:
    try:
        parameters = json.loads(body)
    except ValueError:
        return {}
    return parameters if isinstance(parameters, dict) else {}


def _operation(request: Request, body: bytes) -> str:
    """Name the operation of another service: its target, the query protocol's, or the path."""
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    actions = parse_qs(body.decode("utf-8", "replace")).get("Action")
    return actions[0] if actions else request.path


def _response(status: HTTPStatus, answer: dict[str, Json]) -> Response:
    response = Response(json.dumps(answer), status, content_type=_CONTENT_TYPE)
    response.headers["x-amzn-RequestId"] = str(uuid4())
    return response
