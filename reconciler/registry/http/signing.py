"""Signature Version 4 of a POST without a query.

Source: "Create a signed AWS API request", IAM User Guide.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
TIME = "%Y%m%dT%H%M%SZ"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of a caller, and the session token, if they have one."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


class Endpoint(NamedTuple):
    """What is the same in all calls of a service in a region.

    `host` is the header, without a port that is the default one. `bundle` is the file with the
    certificates that are trusted; None without TLS.
    """

    url: str
    host: str
    path: str
    region: str
    service: str
    user_agent: str
    bundle: str | None


def endpoint_at(
    url: str, region: str, service: str, user_agent: str, bundle: str | None
) -> Endpoint:
    """Return the endpoint at an address, which has neither a user nor a query."""
    parts = urlsplit(url)
    is_default = parts.port == _DEFAULT_PORTS.get(parts.scheme)
    host = (parts.netloc.rpartition(":")[0] if is_default else parts.netloc).lower()
    return Endpoint(url, host, parts.path or "/", region, service, user_agent, bundle)


class Signer(NamedTuple):
    """What the Authorization headers of requests have in common that differ in their body alone.

    Each text lacks its end: the canonical request the hash of the body, what is signed the hash of
    the canonical request, the header the signature.
    """

    canonical: str
    to_sign: str
    header: str
    key: bytes

    def authorization(self, body: bytes) -> str:
        """Return the Authorization header of the request with a body."""
        canonical = self.canonical + hashlib.sha256(body).hexdigest()
        to_sign = self.to_sign + hashlib.sha256(canonical.encode()).hexdigest()
        return self.header + _digest(self.key, to_sign).hex()


def signer_of(
    endpoint: Endpoint, headers: Mapping[str, str], credentials: Credentials, at: datetime
) -> Signer:
    """Return what signs requests at a time, in UTC.

    All `headers` are signed, their names in lower case.
    """
    time, names = at.strftime(TIME), sorted(headers)
    signed = ";".join(names)
    lines = [f"{name}:{headers[name]}" for name in names]
    scope = f"{time[:8]}/{endpoint.region}/{endpoint.service}/aws4_request"
    credential = f"{credentials.access_key}/{scope}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _digest(key, part)
    return Signer(
        "\n".join(["POST", endpoint.path, "", *lines, "", signed, ""]),
        f"{ALGORITHM}\n{time}\n{scope}\n",
        f"{ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature=",
        key,
    )


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


class RequestForm(NamedTuple):
    """What requests have in common that differ in their body alone, and the lines before it."""

    head: str
    signer: Signer

    def request(self, body: bytes) -> bytes:
        """Return the request with a body, as it is sent."""
        own = f"authorization: {self.signer.authorization(body)}\r\ncontent-length: {len(body)}"
        return f"{self.head}{own}\r\n\r\n".encode() + body


def request_form(
    endpoint: Endpoint, headers: Mapping[str, str], credentials: Credentials, at: datetime
) -> RequestForm:
    """Return the form of requests at a time, in UTC; `headers` are as for `signer_of`.

    Those that every request has are added.
    """
    secret = {"x-amz-security-token": credentials.token} if credentials.token else {}
    to_sign = {"host": endpoint.host, **headers, **secret, "x-amz-date": at.strftime(TIME)}
    lines = {**to_sign, "user-agent": endpoint.user_agent}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    first = f"POST {endpoint.path} HTTP/1.1\r\n"
    return RequestForm(first + head, signer_of(endpoint, to_sign, credentials, at))
