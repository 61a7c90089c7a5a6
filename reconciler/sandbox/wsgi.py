"""The layer between the HTTP server and moto: ECR's calls as the service answers them.

Everything that moto does right goes to moto, in process and unchanged.
"""

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from random import Random
from threading import Lock
from typing import TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from reconciler.sandbox import faults, operations
from reconciler.sandbox.answers import answer, error_code, refusal, sts_refusal
from reconciler.sandbox.arrival import arrived
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.call_log import CallLog
from reconciler.sandbox.calls import Call, EcrCall, OtherCall, ServiceError
from reconciler.sandbox.grammar import Json
from reconciler.sandbox.repositories import find_repository
from reconciler.sandbox.rewrite import as_read
from reconciler.sandbox.state import State, new_state
from reconciler.sandbox.throttle import Clock

Hook: TypeAlias = Callable[[Call], None]

_OURS: Mapping[str, Callable[[EcrCall, State], dict[str, Json]]] = {
    "SetRepositoryPolicy": operations.set_repository_policy,
    "GetRepositoryPolicy": operations.get_repository_policy,
    "DescribeRepositories": operations.describe_repositories,
}


class EmbeddedEcr:
    """A WSGI application: moto, with ECR corrected. Safe for calls from several threads.

    `account` is whose the access keys are that moto's IAM does not know; `clock` is what the
    throttle goes by. `log` holds all calls, of any service; `state` is what they work on;
    `before` and `after` are called with each ECR call whose work is done, in the serving thread.
    Raises ConnectionCutError where a connection is to end without an answer.
    """

    def __init__(self, behaviour: Behaviour, account: str, clock: Clock = time.monotonic) -> None:
        self.log = CallLog()
        self.state = new_state(behaviour, clock)
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._reads: Counter[tuple[str, str, str | None]] = Counter()
        self._reads_lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)  # moto reads it again
        call = arrived(request, body, self._account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.caller.account
        number = self.log.add(call)
        faults.on_its_way(call.caller.region, self.state.behaviour)
        if isinstance(call, EcrCall):
            response = self._ecr(call, number, environ)
        else:
            response = self._other(call, number, environ)
        return response(environ, start_response)

    def _ecr(self, call: EcrCall, number: int, environ: WSGIEnvironment) -> Response:
        """Take the `number`-th ECR call past all that may befall it; `Behaviour` has the order."""
        state = self.state
        try:
            faults.require_region(call.caller.region)
            time.sleep(state.behaviour.latency)
            state.credentials.check_ecr(number, call.caller.region)
            state.throttle.check(call.caller.account)
            faults.before_work(number, state.behaviour)
            response = self._observed(call, environ)
            faults.after_work(number, state.behaviour)
        except ServiceError as error:
            return refusal(error)
        return response

    def _other(self, call: OtherCall, ecr_calls: int, environ: WSGIEnvironment) -> Response:
        try:
            faults.require_region(call.caller.region)
            if call.service == "sts":
                self.state.credentials.check_sts(ecr_calls, call.caller.region)
        except ServiceError as error:
            return sts_refusal(error)
        return self._by_moto(environ)

    def _observed(self, call: EcrCall, environ: WSGIEnvironment) -> Response:
        for hook in tuple(self.before):
            hook(call.logged)
        with self.state.working:
            response = self._worked(call, environ)
            self._meddle(call, response)
        for hook in tuple(self.after):
            hook(call.logged)
        return response

    def _worked(self, call: EcrCall, environ: WSGIEnvironment) -> Response:
        try:
            operations.check_call(call)
            operations.check_visible(call, self.state)
            if ours := _OURS.get(call.operation):
                return self._answered(call, ours(call, self.state))
            if call.operation == "CreateRepository":
                operations.check_limit(call, self.state)
            response = self._by_moto(environ)
            if response.status_code != HTTPStatus.OK:
                return response
            if call.operation == "CreateRepository":
                return self._answered(call, operations.created_repository(call, self.state))
            return self._answered(call, json.loads(response.get_data()))
        except ServiceError as error:
            return refusal(error)

    def _meddle(self, call: EcrCall, response: Response) -> None:
        answers = (None, "RepositoryPolicyNotFoundException")
        if call.operation == "GetRepositoryPolicy" and error_code(response) in answers:
            caller, name = call.caller, call.text("repositoryName") or ""
            if repository := find_repository(caller.account, caller.region, name):
                self.state.meddler.saw_read(repository, caller.partition, self.state.policies)

    def _answered(self, call: EcrCall, content: dict[str, Json]) -> Response:
        # Writes answer with the policy text as well; that they respell it too is assumed.
        if isinstance(text := content.get("policyText"), str):
            content = content | {"policyText": self._read(call, text)}
        return answer(content)

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
