"""A stand-in for AWS: an HTTP server that answers as a test tells it to, and remembers calls."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Call:
    operation: str
    parameters: dict[str, object]
    authorization: str


CUT = Answer(0, b"")  # the connection is closed without an answer


def ok(**fields: object) -> Answer:
    return Answer(200, json.dumps(fields).encode())


def refusal(code: str, message: str, status: int = 400) -> Answer:
    return Answer(status, json.dumps({"__type": code, "message": message}).encode())


def page(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), "text/html")


def sts(operation: str, xml: str) -> Answer:
    body = (
        f"<{operation}Response><{operation}Result>{xml}</{operation}Result></{operation}Response>"
    )
    return Answer(200, body.encode(), "text/xml")


def sts_refusal(code: str, message: str, status: int = 403) -> Answer:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml")


@dataclass
class ScriptedAws:
    """`answer` decides, given a call and how many there were before it."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call, int], Answer] = lambda _call, _before: refusal("Unscripted", "?")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def always(self, *answers: Answer) -> None:
        """Give the answers in turn, and the last one ever after."""
        self.answer = lambda _call, before: answers[min(before, len(answers) - 1)]

    def take(self, call: Call) -> Answer:
        with self.lock:
            before = len(self.calls)
            self.calls.append(call)
        return self.answer(call, before)

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]


def _as_call(body: bytes, target: str | None, authorization: str) -> Call:
    if target is None:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        return Call(form.pop("Action"), dict(form), authorization)
    return Call(target.rpartition(".")[2], json.loads(body), authorization)


def _handler(aws: ScriptedAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None: ...

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = self.headers
            call = _as_call(body, headers["x-amz-target"], headers["authorization"] or "")
            answer = aws.take(call)
            if answer is CUT:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("content-type", answer.content_type)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of an error; a client that goes away is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving() -> Iterator[ScriptedAws]:
    aws = ScriptedAws()
    with _Server(("127.0.0.1", 0), _handler(aws)) as server:
        aws.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield aws
        server.shutdown()
        thread.join()
