"""A stand-in for the API of GitHub on loopback: the comments and issues of one repository."""

import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"


class Call(NamedTuple):
    """A call that the API got: method, path without the query, and the token."""

    method: str
    path: str
    authorization: str


@dataclass
class GitHub:
    """What the repository has, and how the API behaves.

    `failures` are the statuses of the next calls, `raw` what they send instead of a response, in
    pieces, until the client leaves. A call with a method of `lost` does its work, but its
    response is lost, once. `headers` are those of all responses.
    """

    comments: list[dict[str, object]] = field(default_factory=list)
    issues: list[dict[str, object]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    raw: list[Iterable[bytes]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    is_read_only: bool = False
    url: str = ""

    def add(self, body: str, author: str) -> None:
        """Add a comment of somebody."""
        self.comments.append(_post(len(self.comments) + 1, body, author))

    def bodies(self) -> list[str]:
        """The texts of all comments."""
        return [str(one["body"]) for one in self.comments]

    def answer(self, method: str, address: str, document: dict[str, str]) -> tuple[int, object]:
        """The status and the JSON of a call."""
        if self.failures:
            return self.failures.pop(0), {"message": "no"}
        if method != "GET" and self.is_read_only:
            return 403, {"message": "Resource not accessible by integration"}
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/repos/octo-org/access/")
        posts = self.comments if "comments" in path else self.issues
        status, found = _done(method, path, query, document, posts)
        if method in self.lost:
            self.lost.remove(method)
            return 502, {"message": "Bad Gateway"}
        return status, found


def _done(
    method: str,
    path: str,
    query: dict[str, str],
    document: dict[str, str],
    posts: list[dict[str, object]],
) -> tuple[int, object]:
    if method == "GET":
        state = query.get("state")
        listed = [one for one in posts if state in {None, one.get("state")}]
        size, page = int(query["per_page"]), int(query["page"])
        return 200, listed[(page - 1) * size : page * size]
    if method == "POST":
        posts.append({**_post(len(posts) + 1, "", BOT), **document})
        return 201, posts[-1]
    number = re.search(r"/(\d+)$", path)
    (post,) = [one for one in posts if number and one["id"] == int(number[1])]
    post.update(document)
    return 200, post


def _post(number: int, body: str, author: str) -> dict[str, object]:
    user = {"login": author}
    return {"id": number, "number": number, "body": body, "user": user, "state": "open"}


@contextmanager
def serving() -> Iterator[GitHub]:
    """Serve the API until the end of the block."""
    github = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            document = json.loads(self.rfile.read(length) or "{}")
            token = self.headers.get("Authorization", "")
            github.calls.append(Call(self.command, urlsplit(self.path).path, token))
            if github.raw:
                self._send_raw(github.raw.pop(0))
                return
            status, found = github.answer(self.command, self.path, document)
            content = json.dumps(found).encode()
            self.send_response_only(status)
            own = {"Date": self.date_time_string(), "Content-Length": str(len(content))}
            for name, text in {**own, **github.headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        def _send_raw(self, content: Iterable[bytes]) -> None:
            self.close_connection = True
            with suppress(ConnectionError):
                for piece in content:
                    self.wfile.write(piece)

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        github.url = f"http://127.0.0.1:{server.server_port}"
        yield github
        server.shutdown()
