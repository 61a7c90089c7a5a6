"""A server that sends the bytes that a test gives it, whatever they are, over TCP or TLS."""

import datetime
import ipaddress
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Then(Enum):
    """What follows after the bytes."""

    NEXT = auto()  # the next request
    CLOSE = auto()
    HANG = auto()  # nothing, until the client gives up
    TRICKLE = auto()  # one byte after the other, until the client gives up or the server ends


@dataclass(frozen=True)
class Sent:
    data: bytes
    then: Then = Then.NEXT


@dataclass
class RawServer:
    """Sends `answers` in turn, and the last one ever after; remembers the requests."""

    url: str = ""
    answers: list[Sent] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def always(self, *answers: Sent) -> None:
        self.answers = list(answers)

    def take(self, request: bytes) -> Sent:
        with self.lock:
            self.requests.append(request)
            return self.answers[min(len(self.requests), len(self.answers)) - 1]


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 50

    def handle_error(self, *_arguments: object) -> None:
        """A client that gives up is no error."""


def _handler(server: RawServer, context: ssl.SSLContext | None) -> type:
    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            with server.lock:
                server.connections += 1
            if context is not None:
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()
            server.closed.set()

        def handle(self) -> None:
            while head := _head(self.rfile):
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = self.rfile.read(int(length[1])) if length else b""
                sent = server.take(head + body)
                self.wfile.write(sent.data)
                if sent.then is not Then.NEXT:
                    self.leave(sent.then)
                    return

        def leave(self, then: Then) -> None:
            if then is Then.HANG:
                self.rfile.read(1)
            while then is Then.TRICKLE and not server.over.wait(0.01):
                self.wfile.write(b"x")

    return Handler


def _head(lines: Iterator[bytes]) -> bytes:
    head = b""
    for line in lines:
        head += line
        if line == b"\r\n":
            break
    return head


@contextmanager
def serving_raw(context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer()
    with _TcpServer(("127.0.0.1", 0), _handler(server, context)) as tcp:
        scheme = "http" if context is None else "https"
        server.url = f"{scheme}://127.0.0.1:{tcp.server_address[1]}"
        thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            tcp.shutdown()
            thread.join()


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a new certificate of `host`, its own CA, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_alternative_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    own = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem, private = folder / f"{host}.pem", folder / f"{host}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(own)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return pem, context


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
