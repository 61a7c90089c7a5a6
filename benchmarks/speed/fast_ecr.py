"""A loopback ECR for benchmarks: a process of its own that answers thousands of calls a second.

It knows the calls that the benchmarks' clients make, keeps policies as they are written, and checks
no signature. Each account has a registry in each region; credentials say which, and AssumeRole
gives those of any account. All begin with the same policies. The embedded ECR
(`reconciler.sandbox`) behaves as the service does; this one is fast.
"""

import asyncio
import json
import random
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote_plus
from urllib.request import urlopen

from reconciler.sandbox.environment import without_aws_settings

ACCOUNT, REGION = "111122223333", "us-west-2"
_PAGE = 1000  # repositories of DescribeRepositories, unless the call asks for fewer

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the server answers: times in seconds, rates in calls a second.

    `latency` is added to each call, and a random time of up to `jitter` with it. `rate` and `burst`
    are of a token bucket for each account and region; no limit with rate 0.
    `throttled_share` of the calls are throttled besides, at random.
    """

    latency: float = 0.02
    jitter: float = 0.0
    rate: float = 0.0
    burst: float = 0.0
    throttled_share: float = 0.0
    tls: bool = False


class Calls(NamedTuple):
    """The ECR calls of a server: how many, and the seconds from the first one to the last answer.

    Those that were throttled are counted in `throttled` only; `by_operation` has the others.
    """

    by_operation: dict[str, int]
    throttled: int
    seconds: float

    @property
    def share(self) -> float:
        """The share of the calls that were throttled."""
        return self.throttled / (sum(self.by_operation.values()) + self.throttled)


class FastEcr:
    """A server in a process of its own, from `with` to the end of its block.

    `policies` are the repositories with the text of their policies, None for no policy.
    """

    def __init__(self, policies: Mapping[str, str | None], conditions: Conditions) -> None:
        self._policies, self._conditions = policies, conditions
        self._cleanup = ExitStack()
        self._folder = Path()
        self._port = 0

    def __enter__(self) -> "FastEcr":
        self._folder = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory()))
        if self._conditions.tls:
            make_certificate(self._folder)
        process = self._cleanup.enter_context(
            subprocess.Popen(
                [sys.executable, __file__, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        self._cleanup.callback(process.terminate)
        assert process.stdin is not None
        assert process.stdout is not None
        json.dump([asdict(self._conditions), dict(self._policies)], process.stdin)
        process.stdin.close()
        self._port = int(process.stdout.readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    @property
    def url(self) -> str:
        return f"http{'s' if self._conditions.tls else ''}://127.0.0.1:{self._port}"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` with settings by which AWS clients call this server and no other."""
        trusted = {"AWS_CA_BUNDLE": str(self._folder / "ca.pem")} if self._conditions.tls else {}
        return {
            **without_aws_settings(base),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            **trusted,
        }

    def restart(self) -> Calls:
        """Return the calls since the last time, and begin anew: the same policies, full buckets."""
        trust = (
            ssl.create_default_context(cafile=self._folder / "ca.pem")
            if self._conditions.tls
            else None
        )
        with urlopen(f"{self.url}/restart", context=trust) as answer:
            return Calls(*json.load(answer))


def make_certificate(folder: Path) -> None:
    """Write `key.pem`, `cert.pem`, and `ca.pem`: the usual authorities and this one.

    A client must load the whole bundle, as it does where it calls AWS.
    """
    import botocore
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fast ECR")])
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(loopback, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    usual = Path(botocore.__file__).with_name("cacert.pem").read_bytes()
    (folder / "cert.pem").write_bytes(pem)
    (folder / "ca.pem").write_bytes(usual + pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


class ServiceError(Exception):
    """An error of the service, by its code."""


class Scope(NamedTuple):
    """Where a registry is."""

    account: str
    region: str


@dataclass(slots=True)
class Log:
    """The ECR calls of a server so far, with the times of the first one and of the last answer."""

    passed: dict[str, int] = field(default_factory=dict)
    throttled: int = 0
    first: float = 0.0
    last: float = 0.0

    def calls(self) -> Calls:
        return Calls(self.passed, self.throttled, self.last - self.first)


@dataclass(slots=True)
class Registry:
    """The state of one registry: its policies, and its bucket, which is full in the beginning."""

    scope: Scope
    conditions: Conditions
    policies: dict[str, str | None]
    log: Log
    filled_to: float
    names: list[str] = field(init=False)
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.names, self.tokens = sorted(self.policies), self.conditions.burst

    def answer(self, operation: str, fields: Json) -> Json:
        """Return the answer to an ECR call. Raises ServiceError."""
        now = time.monotonic()
        self.log.first = self.log.first or now
        self.log.last = now + self.conditions.latency
        if self._throttles(now):
            self.log.throttled += 1
            raise ServiceError("ThrottlingException")
        self.log.passed[operation] = self.log.passed.get(operation, 0) + 1
        name = str(fields.get("repositoryName"))
        match operation:
            case "DescribeRepositories":
                return self._page(fields)
            case "GetRepositoryPolicy":
                text = self._policy(name)
                if text is None:
                    raise ServiceError("RepositoryPolicyNotFoundException")
                return self._policy_answer(name, text)
            case "SetRepositoryPolicy":
                self._policy(name)
                self.policies[name] = text = str(fields["policyText"])
                return self._policy_answer(name, text)
            case "GetRegistryPolicy":
                raise ServiceError("RegistryPolicyNotFoundException")
            case "GetAccountSetting":
                return {"name": fields["name"], "value": "V2"}
            case "DescribeRepositoryCreationTemplates":
                return {"registryId": self.scope.account, "repositoryCreationTemplates": []}
            case "ListTagsForResource":
                return {"tags": []}
            case _:
                raise ServiceError("InvalidParameterException")

    def _throttles(self, now: float) -> bool:
        limits = self.conditions
        if random.random() < limits.throttled_share:
            return True
        if not limits.rate:
            return False
        gained = (now - self.filled_to) * limits.rate
        self.tokens, self.filled_to = min(limits.burst, self.tokens + gained), now
        if self.tokens < 1.0:
            return True
        self.tokens -= 1.0
        return False

    def _policy(self, name: str) -> str | None:
        if name not in self.policies:
            raise ServiceError("RepositoryNotFoundException")
        return self.policies[name]

    def _page(self, fields: Json) -> Json:
        if named := fields.get("repositoryNames"):
            assert isinstance(named, list)
            for name in named:
                self._policy(name)
            return {"repositories": [self._description(name) for name in named]}
        first = int(str(fields.get("nextToken", 0)))
        after = first + int(str(fields.get("maxResults", _PAGE)))
        page = {"repositories": [self._description(name) for name in self.names[first:after]]}
        return page | ({"nextToken": str(after)} if after < len(self.names) else {})

    def _description(self, name: str) -> Json:
        account, region = self.scope
        return {
            "repositoryArn": f"arn:aws:ecr:{region}:{account}:repository/{name}",
            "registryId": account,
            "repositoryName": name,
            "repositoryUri": f"{account}.dkr.ecr.{region}.amazonaws.com/{name}",
            "createdAt": 1700000000.0,
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": False},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        }

    def _policy_answer(self, name: str, text: str) -> Json:
        return {"registryId": self.scope.account, "repositoryName": name, "policyText": text}


class Service:
    """All registries, each made at its first call."""

    def __init__(self, conditions: Conditions, policies: Mapping[str, str | None]) -> None:
        self.conditions, self._policies = conditions, policies
        self._registries: dict[Scope, Registry] = {}
        self._log = Log()

    def restart(self) -> Calls:
        calls = self._log.calls()
        self._registries, self._log = {}, Log()
        return calls

    def registry(self, scope: Scope) -> Registry:
        if scope not in self._registries:
            policies, now = dict(self._policies), time.monotonic()
            self._registries[scope] = Registry(scope, self.conditions, policies, self._log, now)
        return self._registries[scope]


_KEY = "ASIA{account}EXAMPLE"
_CREDENTIAL = re.compile(rb"Credential=(?:ASIA(?P<account>\d{12}))?[^/]*/\d+/(?P<region>[^/]+)/")
_ROLE = re.compile(r"RoleArn=arn:aws:iam::(?P<account>\d{12}):")


def scope_of(head: bytes) -> Scope:
    """Return the scope of a request, from the credential that signed it."""
    found = _CREDENTIAL.search(head)
    account, region = (found["account"], found["region"]) if found else (None, None)
    return Scope(account.decode() if account else ACCOUNT, region.decode() if region else REGION)


def sts_answer(account: str, form: str) -> str:
    """Return the answer to GetCallerIdentity or AssumeRole, of which `form` is the body."""
    role = _ROLE.search(unquote_plus(form))
    if role is None:
        return (
            "<GetCallerIdentityResponse><GetCallerIdentityResult>"
            f"<Arn>arn:aws:iam::{account}:user/bench</Arn><UserId>AIDAEXAMPLE</UserId>"
            f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
    account = role["account"]
    expires = datetime.now(UTC) + timedelta(hours=1)
    return (
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>"
        f"<Arn>arn:aws:sts::{account}:assumed-role/bench/bench</Arn>"
        "<AssumedRoleId>AROAEXAMPLE:bench</AssumedRoleId></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>{_KEY.format(account=account)}</AccessKeyId>"
        "<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>"
        f"<SessionToken>bench</SessionToken><Expiration>{expires:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


_TARGET = b"x-amz-target: amazonec2containerregistry_v20150921."
_LENGTH = b"content-length: "


class Protocol(asyncio.Protocol):
    """HTTP/1.1 with as much of it as AWS clients use: keep-alive and Content-Length."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower() + b"\r\n"
            begun = end + 4
            length = int(_header(head, _LENGTH) or 0)
            if len(self._received) < begun + length:
                if b"100-continue" in head and self._transport is not None:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            original = self._received[:end] + b"\r\n"
            body = self._received[begun : begun + length]
            self._received = self._received[begun + length :]
            self._answer(original, head, body)

    def _answer(self, original: bytes, head: bytes, body: bytes) -> None:
        if head.startswith(b"get /restart "):
            self._write(HTTPStatus.OK, "application/json", json.dumps(self._service.restart()))
            return
        at = head.find(_TARGET)
        conditions, scope = self._service.conditions, scope_of(original)
        wait = conditions.latency + random.uniform(0.0, conditions.jitter)
        if at < 0:
            answer = (HTTPStatus.OK, "text/xml", sts_answer(scope.account, body.decode()))
        else:
            operation = original[at + len(_TARGET) : original.find(b"\r\n", at)].decode()
            answer = self._answer_ecr(scope, operation, body)
        asyncio.get_running_loop().call_later(wait, self._write, *answer)

    def _answer_ecr(self, scope: Scope, operation: str, body: bytes) -> tuple[HTTPStatus, str, str]:
        kind = "application/x-amz-json-1.1"
        try:
            answer = self._service.registry(scope).answer(operation, json.loads(body or b"{}"))
        except ServiceError as error:
            fields = {"__type": str(error), "message": f"{error} of the loopback ECR"}
            return HTTPStatus.BAD_REQUEST, kind, json.dumps(fields)
        return HTTPStatus.OK, kind, json.dumps(answer)

    def _write(self, status: HTTPStatus, kind: str, body: str) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        content = body.encode()
        head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: {kind}\r\n"
        self._transport.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)


def _header(head: bytes, name: bytes) -> bytes | None:
    at = head.find(b"\r\n" + name)
    return None if at < 0 else head[at + 2 + len(name) : head.find(b"\r\n", at + 2)]


async def serve(folder: Path) -> None:
    """Serve until the process ends; settings and policies come from stdin, the port to stdout."""
    settings, policies = json.load(sys.stdin)
    service = Service(Conditions(**settings), policies)
    context = None
    if service.conditions.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Protocol(service), "127.0.0.1", 0, ssl=context, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
