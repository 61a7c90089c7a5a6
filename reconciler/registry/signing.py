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


class SigningKey(NamedTuple):
    """The key for one day, and the time of a request."""

    credentials: Credentials
    time: str
    key: bytes

    @property
    def day(self) -> str:
        """The date of the time."""
        return self.time[:8]


def signing_key(
    credentials: Credentials, endpoint: Endpoint, now: datetime, known: SigningKey | None = None
) -> SigningKey:
    """Return the key for a request at `now`, in UTC.

    `known` is of the same endpoint, from a call before.
    """
    at = now.strftime(TIME)
    if known is not None and known.day == at[:8] and known.credentials == credentials:
        return SigningKey(credentials, at, known.key)
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (at[:8], endpoint.region, endpoint.service, "aws4_request"):
        key = _digest(key, part)
    return SigningKey(credentials, at, key)


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def authorization(
    endpoint: Endpoint, headers: Mapping[str, str], body: bytes, key: SigningKey
) -> str:
    """Return the Authorization header; all `headers` are signed, their names in lower case."""
    names = sorted(headers)
    signed = ";".join(names)
    lines = [f"{name}:{headers[name]}" for name in names]
    hashed = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(["POST", endpoint.path, "", *lines, "", signed, hashed])
    scope = f"{key.day}/{endpoint.region}/{endpoint.service}/aws4_request"
    request = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _digest(key.key, f"{ALGORITHM}\n{key.time}\n{scope}\n{request}").hex()
    credential = f"{key.credentials.access_key}/{scope}"
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature={signature}"


def signed_request(
    endpoint: Endpoint, headers: Mapping[str, str], body: bytes, key: SigningKey
) -> bytes:
    """Return a request as it is sent; `headers` are those of the call, names in lower case."""
    token = key.credentials.token
    secret = {"x-amz-security-token": token} if token else {}
    to_sign = {"host": endpoint.host, **headers, **secret, "x-amz-date": key.time}
    sent = {
        **to_sign,
        "user-agent": endpoint.user_agent,
        "authorization": authorization(endpoint, to_sign, body, key),
        "content-length": str(len(body)),
    }
    lines = [f"{name}: {value}\r\n" for name, value in sent.items()]
    return "".join([f"POST {endpoint.path} HTTP/1.1\r\n", *lines, "\r\n"]).encode() + body
