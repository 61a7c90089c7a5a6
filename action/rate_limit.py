"""How long a response of the API asks to wait. Pure.

Sources: "Rate limits for the REST API" (GitHub Docs): `retry-after` first, then `x-ratelimit-reset`
where `x-ratelimit-remaining` is 0, otherwise at least a minute; "Retry-After" (RFC 9110, 10.2.3):
seconds or a date.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

_SECONDS = re.compile(r"\d{1,10}")
_UNSAID = 60.0


def is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a call was refused for a while only; any other 403 is a missing permission."""
    told = "retry-after" in headers or _is_used_up(headers)
    return status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and told)


def asked_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait before another attempt; None where the API does not ask for any.

    `headers` have lower-case names. A time is compared with the response's own date, so that the
    clock of this machine does not matter.
    """
    after = headers.get("retry-after", "")
    if _SECONDS.fullmatch(after):
        return float(after)
    sent, again = _date(headers.get("date", "")), _date(after)
    if again is None and _is_used_up(headers):
        again = _reset(headers.get("x-ratelimit-reset", ""))
    if sent and again:
        return max((again - sent).total_seconds(), 0.0)
    return _UNSAID if is_limit(status, headers) else None


def _is_used_up(headers: Mapping[str, str]) -> bool:
    return headers.get("x-ratelimit-remaining") == "0"


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date in "-0000" has no time zone.
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _reset(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if _SECONDS.fullmatch(text) else None
