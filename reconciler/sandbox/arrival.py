"""What a request is: whose call, of which service, with which parameters."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from moto.iam.models import iam_backends
from werkzeug.wrappers import Request

from reconciler.sandbox.calls import Caller, EcrCall, OtherCall
from reconciler.sandbox.grammar import Json

_TARGET = "AmazonEC2ContainerRegistry_V20150921."
_CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/[0-9]{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/"
)


def arrived(request: Request, body: bytes, default_account: str) -> EcrCall | OtherCall:
    """Return the call that a request makes.

    `default_account` is whose the access keys are that moto's IAM does not know.
    """
    caller, service = _caller(request, default_account)
    target = request.headers.get("X-Amz-Target", "")
    if target.startswith(_TARGET):
        return EcrCall(target.removeprefix(_TARGET), _parameters(body), caller)
    return OtherCall(_operation(request, body), service, caller)


def _caller(request: Request, default_account: str) -> tuple[Caller, str]:
    credential = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    if credential is None:
        return Caller("", default_account, "us-east-1"), ""
    key, region, service = credential.group("key", "region", "service")
    for account, partitions in list(iam_backends.items()):
        if any(key in backend.access_keys for backend in list(partitions.values())):
            return Caller(key, account, region), service
    return Caller(key, default_account, region), service


def _parameters(body: bytes) -> Mapping[str, Json]:
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
