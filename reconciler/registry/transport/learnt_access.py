"""Where the calls of boto3 go and how it makes them, learnt from one that it prepares.

boto3 makes one request, which is caught before it is sent. Then it is signed here, too: where the
signature or anything else is not as expected, boto3 makes all calls.
"""

import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, cast
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.credentials import ReadOnlyCredentials
from botocore.utils import get_environ_proxies

from reconciler.registry.http.signing import (
    ALGORITHM,
    TIME,
    Credentials,
    Endpoint,
    endpoint_at,
    signer_of,
)
from reconciler.registry.settings.credentials import has_to_renew, usable_credentials
from reconciler.registry.settings.endpoint import bundle_of
from reconciler.registry.transport.direct_calls import CONTENT_TYPE, TARGET

_LEARNT_FROM = "DescribeRepositories"
_SIGNING = {"authorization", "x-amz-date", "x-amz-security-token"}
_KNOWN = {"content-type", "user-agent", "x-amz-target"}
_LEFT_OUT = {"amz-sdk-invocation-id", "amz-sdk-request", "content-length"}
"""Headers of boto3's request: the first two are about its retries, of which there are none."""
_PLUGINS = "BOTOCORE_EXPERIMENTAL__PLUGINS"
_SIGNED = re.compile(
    rf"{ALGORITHM} Credential=[^/]+/(?P<day>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=[0-9a-f]{64}"
)


class _Client(Protocol):
    describe_repositories: Callable[[], object]


class LearntAccess:
    """What a client of ECR does, with the credentials of its session; for `DirectCalls`."""

    def __init__(self, client: BaseClient, session: botocore.session.Session) -> None:
        self._client, self._session = client, session
        self._checked: tuple[ReadOnlyCredentials, Credentials] | None = None
        self._learner: int | None = None
        client.meta.events.register("before-send", self._catch)

    def endpoint(self) -> Endpoint | None:
        """Return where calls go; None where boto3 has to make them."""
        credentials = self.credentials()
        request = self._request_of_boto()
        if credentials is None or request is None:
            return None
        is_tls = urlsplit(request.url).scheme == "https"
        return _endpoint_of(request, credentials, bundle_of(self._session) if is_tls else None)

    def has_to_renew(self) -> bool:
        """Whether the credentials have to be found or renewed, which may take calls."""
        return has_to_renew(self._session)

    def credentials(self) -> Credentials | None:
        """Return the credentials for a call. Raises CallError for those that can't be used."""
        frozen, known = self._checked or (None, None)
        found = usable_credentials(self._session, frozen)
        if found is None or found == frozen:
            return known if found is not None else None
        credentials = Credentials(found.access_key or "", found.secret_key or "", found.token)
        self._checked = found, credentials
        return credentials

    def _request_of_boto(self) -> AWSPreparedRequest | None:
        """Return the request that boto3 would send, signed; None where a handler answers it."""
        self._learner = threading.get_ident()
        try:
            cast("_Client", self._client).describe_repositories()
        except _CaughtError as caught:
            request = caught.request
        else:
            return None
        finally:
            self._learner = None
        service = self._client.meta.service_model.service_id.hyphenize()
        event = f"before-send.{service}.{_LEARNT_FROM}"
        answers = self._client.meta.events.emit(event, request=request)
        return request if all(answer is None for _, answer in answers) else None

    def _catch(self, request: AWSPreparedRequest, **_event: object) -> None:
        if self._learner == threading.get_ident():
            raise _CaughtError(request)


class _CaughtError(Exception):
    """A request that is not to be sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


def _endpoint_of(
    request: AWSPreparedRequest, credentials: Credentials, bundle: str | None
) -> Endpoint | None:
    """Return where a request of boto3 goes; None where there is anything unusual about it."""
    url = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    signed = _SIGNED.fullmatch(headers.get("authorization", ""))
    if (
        signed is None
        or request.body != b"{}"
        or headers.keys() - _KNOWN - _SIGNING - _LEFT_OUT
        or headers.get("content-type") != CONTENT_TYPE
        or headers.get("x-amz-target") != f"{TARGET}.{_LEARNT_FROM}"
        or url.query
        or os.environ.get(_PLUGINS)
        or url.scheme in get_environ_proxies(request.url)
    ):
        return None
    region, service, user_agent = signed["region"], signed["service"], headers["user-agent"]
    endpoint = endpoint_at(request.url, region, service, user_agent, bundle)
    return endpoint if _signs_alike(endpoint, headers, signed["names"], credentials) else None


def _signs_alike(
    endpoint: Endpoint, headers: Mapping[str, str], names: str, credentials: Credentials
) -> bool:
    """Whether a request of boto3 has the signature that it gets here."""
    when = datetime.strptime(headers["x-amz-date"], TIME).replace(tzinfo=UTC)
    sent = {**headers, "host": endpoint.host}
    to_sign = {name: sent[name] for name in names.split(";")}
    signer = signer_of(endpoint, to_sign, credentials, when)
    return signer.authorization(b"{}") == headers["authorization"]


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
