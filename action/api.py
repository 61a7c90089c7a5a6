"""The REST API of GitHub, for what the action writes: comments and issues of one repository.

Source: "REST API endpoints for issue comments", "REST API endpoints for issues", "Using pagination
in the REST API" and "Rate limits for the REST API" (GitHub Docs).
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Literal, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from action.rate_limit import asked_wait, is_limit

_TIMEOUT = 20  # seconds
_BLOCK = 65_536  # bytes
_PAGE = 100
_MOST_PAGES = 100
RETRY_DELAYS = (0.5, 1.0, 2.0)
"""Seconds before each further attempt, where the API does not ask for more."""

MOST_WAITING = 180.0
"""Seconds before all further attempts: a minute each, as GitHub asks for where it does not say."""


class ApiError(Exception):
    """The API refused a call, and would refuse it again."""


class ForbiddenError(ApiError):
    """The token must not do this."""


class UnavailableError(ApiError):
    """The API did not answer, or refused for a while; another attempt may succeed.

    `wait` are the seconds before it that the API asks for; None where it asks for none.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Post(NamedTuple):
    """A comment or an issue: its number in the API's addresses, its text and its author's login."""

    number: int
    body: str
    author: str


class Api(NamedTuple):
    """One repository: the API's address, `OWNER/NAME`, and the token.

    All calls end before the deadline, a time of `time.monotonic`.
    """

    url: str
    repository: str
    token: str
    deadline: float

    def posts(self, path: str, key: Literal["id", "number"]) -> Iterator[Post]:
        """Return what a list has, page by page; `key` has the number of each one.

        Raises as `send`, and ApiError for what is no list.
        """
        # The pages are counted: an address that a response gives could lead the token elsewhere.
        for page in range(1, _MOST_PAGES + 1):
            separator = "&" if "?" in path else "?"
            found = self.send("GET", f"{path}{separator}per_page={_PAGE}&page={page}")
            if not isinstance(found, list):
                raise ApiError("the API returned no list")
            yield from filter(None, (_post(entry, key) for entry in found))
            if len(found) < _PAGE:
                return

    def send(
        self,
        method: Literal["GET", "POST", "PATCH"],
        path: str,
        body: Mapping[str, str] | None = None,
    ) -> object:
        """Make one call and return the JSON of the response.

        Raises ApiError; its kinds say what would help.
        """
        request = Request(  # noqa: S310 - the address is the platform's
            f"{self.url}/repos/{self.repository}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "ecr-reconcile",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        # A redirect does not get the token.
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with urlopen(request, timeout=self._time_left()) as response:  # noqa: S310
                content = b"".join(self._blocks(response))
        except HTTPError as error:
            with error:
                raise _error(error) from error
        except (URLError, HTTPException, OSError) as error:
            raise UnavailableError(str(error)) from error
        if method != "GET" and response.url != request.full_url:  # what was called was a GET
            raise ApiError("the API redirected the call")
        try:
            document: object = json.loads(content)
        except ValueError as error:
            raise UnavailableError(f"the response is not complete JSON: {error}") from error
        return document

    def _blocks(self, response: HTTPResponse) -> Iterator[bytes]:
        """Read a response as it comes, as a timeout is for each part alone.

        Raises IncompleteRead, and as `_time_left`.
        """
        while block := response.read1(_BLOCK):
            yield block
            self._time_left()
        if response.length:  # that is still to come
            raise IncompleteRead(b"", response.length)

    def _time_left(self) -> float:
        """Return the seconds that one wait may take. Raises ApiError where there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise ApiError("the API gave no complete answer in time")
        return min(left, _TIMEOUT)


def _error(error: HTTPError) -> ApiError:
    message = f"{error.code} {error.reason}"
    headers = {name.lower(): text for name, text in error.headers.items()}
    if is_limit(error.code, headers) or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        why = ": rate limit" if is_limit(error.code, headers) else ""
        wait = asked_wait(error.code, headers)
        asked = "" if wait is None else f"; the API asks to wait {wait:,.0f} s"
        return UnavailableError(f"{message}{why}{asked}", wait)
    return ForbiddenError(message) if error.code == HTTPStatus.FORBIDDEN else ApiError(message)


def _post(entry: object, key: str) -> Post | None:
    match entry:
        case {"body": str(body), "user": {"login": str(author)}, **others}:
            number = others.get(key)
            # True is an int.
            return Post(number, body, author) if type(number) is int else None
    return None


def own_post(posts: Iterable[Post], marker: str, author: str) -> Post | None:
    """Return the first post of this author that begins with the marker.

    Somebody else's is never taken: its author could edit what it says later.
    """
    return next((p for p in posts if p.author == author and p.body.startswith(marker)), None)


def with_retries(
    operation: Callable[[], None],
    delays: Sequence[float] = RETRY_DELAYS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Repeat an operation while the API is unavailable; raises its last error.

    The whole operation is repeated, so that it finds what an attempt without an answer has written.
    It is given up at once where the API asks for more than is left of MOST_WAITING.
    """
    left = MOST_WAITING
    for delay in delays:
        try:
            return operation()
        except UnavailableError as error:
            wait = max(delay, error.wait or 0.0)
            if wait > left:
                raise
            left -= wait
            sleep(wait)
    return operation()
