"""The API of GitHub: pages, lost responses, limits, and where the token goes."""

import time
from itertools import chain, repeat

import pytest

from action.api import (
    MOST_WAITING,
    RETRY_DELAYS,
    Api,
    ApiError,
    ForbiddenError,
    UnavailableError,
    with_retries,
)
from action.comment import put_comment
from tests.pipelines.github import BOT, GitHub, serving

AT_ONCE = (0.0, 0.0, 0.0)
MARKER = "<!-- reconcile:plan -->"


def api_of(github: GitHub) -> Api:
    return Api(github.url, "octo-org/access", "token", time.monotonic() + 60)


def comment(github: GitHub, body: str = "plan") -> None:
    put_comment(api_of(github), 7, MARKER, BOT, f"{MARKER}\n{body}")


def put(github: GitHub, body: str) -> None:
    with_retries(lambda: comment(github, body), AT_ONCE, lambda _: None)


def test_the_own_comment_is_found_on_a_later_page(github: GitHub) -> None:
    for number in range(250):
        github.add(f"comment {number}", "somebody")
    github.add(f"{MARKER}\nold", BOT)
    put(github, "new")
    assert github.bodies()[-1] == f"{MARKER}\nnew"
    assert len(github.comments) == 251


def test_a_comment_whose_response_is_lost_is_not_written_twice(github: GitHub) -> None:
    github.lost.append("POST")
    put(github, "plan")
    assert github.bodies() == [f"{MARKER}\nplan"]
    assert [call.method for call in github.calls] == ["GET", "POST", "GET", "PATCH"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(github: GitHub, status: int) -> None:
    github.failures += [status, status, status]
    put(github, "plan")
    assert github.bodies() == [f"{MARKER}\nplan"]


@pytest.mark.parametrize(("status", "error"), [(403, ForbiddenError), (404, ApiError)])
def test_what_stays_is_not_tried_again(github: GitHub, status: int, error: type[ApiError]) -> None:
    github.failures += [status]
    with pytest.raises(error) as told:
        put(github, "plan")
    assert type(told.value) is error
    assert len(github.calls) == 1


DATE = {"Date": "Mon, 01 Jun 2026 12:00:00 GMT"}
NOON = 1780315200
USED_UP = {"X-RateLimit-Remaining": "0"}


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "60"}, 60),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "Mon, 01 Jun 2026 12:01:05 GMT"}, 65),
        ({"Retry-After": "Mon, 01 Jun 2026 12:01:05 -0000"}, 65),
        ({"Retry-After": "Mon, 01 Jun 2026 11:00:00 GMT"}, 0),
        ({**USED_UP, "X-RateLimit-Reset": str(NOON + 70)}, 70),
        ({**USED_UP, "X-RateLimit-Reset": str(NOON + 70), "Retry-After": "5"}, 5),
    ],
)
def test_it_waits_as_long_as_the_api_asks(
    github: GitHub, status: int, headers: dict[str, str], seconds: int
) -> None:
    github.headers |= DATE | headers
    github.failures += [status]
    waited: list[float] = []
    with_retries(lambda: comment(github), AT_ONCE, waited.append)
    assert (waited, github.bodies()) == ([seconds], [f"{MARKER}\nplan"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": "soon"},
        {"Retry-After": f"Mon, 01 Jun {'9' * 30} 12:00:00 GMT"},
        USED_UP,
        {**USED_UP, "Date": "today"},
    ],
)
def test_a_limit_of_unknown_length_is_a_minute(github: GitHub, headers: dict[str, str]) -> None:
    github.headers |= headers
    github.failures += [429]
    waited: list[float] = []
    with_retries(lambda: comment(github), AT_ONCE, waited.append)
    assert waited == [60]


def test_it_waits_longer_after_each_attempt_where_the_api_does_not_ask(github: GitHub) -> None:
    github.failures += [503, 503, 503]
    waited: list[float] = []
    with_retries(lambda: comment(github), sleep=waited.append)
    assert waited == list(RETRY_DELAYS)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {"Retry-After": "3600"},
            "429 Too Many Requests: rate limit; the API asks to wait 3,600 s",
        ),
        ({**USED_UP, **DATE, "X-RateLimit-Reset": str(NOON + 181)}, "asks to wait 181 s"),
        ({"Retry-After": "9" * 400}, "asks to wait 60 s"),
    ],
)
def test_it_does_not_wait_longer_than_a_job_should(
    github: GitHub, headers: dict[str, str], told: str
) -> None:
    github.headers |= headers
    github.failures += [429] * 4
    waited: list[float] = []
    with pytest.raises(UnavailableError, match=told):
        with_retries(lambda: comment(github), AT_ONCE, waited.append)
    assert sum(waited) <= MOST_WAITING


@pytest.mark.parametrize("header", [{"Retry-After": "60"}, {"X-RateLimit-Remaining": "0"}])
def test_a_rate_limit_is_no_missing_permission(github: GitHub, header: dict[str, str]) -> None:
    github.headers |= header
    github.failures += [403]
    with pytest.raises(UnavailableError, match="rate limit"):
        api_of(github).send("GET", "issues/7/comments")


def test_an_api_that_can_not_be_reached_is_an_error() -> None:
    with serving() as github:
        pass
    with pytest.raises(UnavailableError):
        put(github, "plan")


@pytest.mark.parametrize(
    "response", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", b"[]", b"", b"HTTP/1.1 abc\r\n"]
)
def test_a_broken_response_is_tried_again(github: GitHub, response: bytes) -> None:
    github.raw += [[response], [response]]
    put(github, "plan")
    assert github.bodies() == [f"{MARKER}\nplan"]
    github.raw += [[response]] * 4
    with pytest.raises(UnavailableError):
        put(github, "plan")


def test_a_response_that_does_not_end_fails_at_the_deadline(github: GitHub) -> None:
    github.raw += [chain([b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"], repeat(b" "))]
    api = api_of(github)._replace(deadline=time.monotonic() + 0.2)
    with pytest.raises(ApiError, match="no complete answer in time") as told:
        with_retries(lambda: put_comment(api, 7, MARKER, BOT, MARKER), AT_ONCE)
    assert type(told.value) is ApiError
    assert len(github.calls) == 1


def test_no_call_begins_after_the_deadline(github: GitHub) -> None:
    api = api_of(github)._replace(deadline=time.monotonic())
    with pytest.raises(ApiError, match="no complete answer in time"):
        api.send("GET", "issues/7/comments")
    assert github.calls == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_that_is_redirected_is_a_failure(github: GitHub, status: int) -> None:
    github.headers["Location"] = f"{github.url}/repos/octo-org/access/issues?per_page=1&page=1"
    github.failures += [status]
    with pytest.raises(ApiError, match=r"redirect|Redirect|Moved|Found|See Other"):
        api_of(github).send("POST", "issues/7/comments", {"body": "plan"})
    assert github.comments == []


def test_what_is_no_list_is_a_failure(github: GitHub) -> None:
    github.failures += [200]
    with pytest.raises(ApiError, match="the API returned no list"):
        put(github, "plan")
    assert github.comments == []


@pytest.mark.parametrize("number", [True, "1", None, 1.0])
def test_a_post_without_a_number_is_left_alone(github: GitHub, number: object) -> None:
    github.add(MARKER, BOT)
    github.comments[0]["id"] = number
    put(github, "plan")
    assert github.bodies() == [MARKER, f"{MARKER}\nplan"]


def test_a_redirect_does_not_get_the_token(github: GitHub) -> None:
    with serving() as other:
        github.headers["Location"] = (
            f"{other.url}/repos/octo-org/access/issues/7/comments?page=1&per_page=1"
        )
        github.failures += [302]
        api_of(github).send("GET", "issues/7/comments")
        assert [call.authorization for call in other.calls] == [""]
