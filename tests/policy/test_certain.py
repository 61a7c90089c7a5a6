"""What is certain is documented: odd values, and readings of the documented ones written anew."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.policy.language.condition_keys import MULTIVALUED
from reconciler.policy.language.conditions import Clause
from reconciler.policy.language.operators import MATCHES
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import iam_caller
from reconciler.policy.meaning.evaluate import clause_holds, evaluate
from tests.effort import examples
from tests.policy.making import GET, PUT, ROLE, ROOT, USER, Json, allow, deny, document
from tests.policy.random_callers import Request, panel, requests
from tests.policy.random_policies import policies

bounded = examples(80)
few = examples(20)

ODDITIES = [
    "_",
    " ",
    "\n",
    "+",
    "-",
    ".",
    ",",
    ":",
    "T",
    "t",
    "Z",
    "z",
    "W",
    "e",
    "0",
    "1",
    "\u0665",
]
"""What a lenient reader would pass over, or take for something else."""


@st.composite
def _spoilt(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """Draw a text as it is, or with a letter put in, taken out or replaced."""
    text = draw(texts)
    if draw(st.booleans()):
        return text
    place = draw(st.integers(0, len(text)))
    letter = draw(st.sampled_from(["", *ODDITIES]))
    return text[:place] + letter + text[place + draw(st.integers(0, 1)) :]


moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))
zones = st.integers(-14 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))
dates = st.one_of(
    st.builds(lambda moment, zone: moment.replace(tzinfo=zone).isoformat(), moments, zones),
    moments.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%MZ")),
    moments.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    moments.map(lambda moment: moment.strftime("%Y-%m-%d")),
    moments.map(lambda moment: moment.strftime("%Y-%m")),
    moments.map(lambda moment: moment.strftime("%G-W%V-%u")),
    moments.map(str),
    st.integers(-(10**10), 10**10).map(str),
)
numbers = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.decimals(-2000, 2000, places=2).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["1_000", "\u0665", " 5", "5 ", "0x5", "1e3", "05", "5.", ".5"]),
)
texts = st.text(st.sampled_from("kKsSiI\u212a\u017f\u0131\u0130\u00df\u00e4\u00c4aA"), max_size=4)


def _seconds(text: str) -> Decimal | None:
    """Read a date by the documentation, another way than the evaluator."""
    if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
        return None if len(text) == 4 and text.isdigit() else Decimal(text)
    found = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
        r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?(?:Z|([+-])([0-9]{2}):([0-5][0-9])))?)?",
        text,
    )
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0))
        moment = moment.replace(second=int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    if int(hours or 0) > 23:
        return None
    ahead = int(f"{sign or '+'}1") * (int(hours or 0) * 3600 + int(minutes or 0) * 60)
    return Decimal(int(moment.timestamp())) - ahead + Decimal(f"0{fraction or ''}")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text) else None


@bounded
@given(_spoilt(dates), _spoilt(dates))
@example("2027-03-31", "2026-12-01 12:00:00")
@example("2027-03-31", "2026-W10-1")
def test_dates(wanted: str, actual: str) -> None:
    one, other = _seconds(wanted), _seconds(actual)
    answer = None if one is None or other is None else other < one
    assert MATCHES["DateLessThan"](wanted, actual) is answer
    assert MATCHES["DateEquals"](wanted, actual) is (None if answer is None else one == other)


@bounded
@given(_spoilt(numbers), _spoilt(numbers))
def test_numbers(wanted: str, actual: str) -> None:
    one, other = _number(wanted), _number(actual)
    answer = None if one is None or other is None else other < one
    assert MATCHES["NumericLessThan"](wanted, actual) is answer
    assert MATCHES["NumericEquals"](wanted, actual) is (None if answer is None else one == other)


@bounded
@given(texts, texts)
@example("\u00df", "ss")
@example("k", "\u212a")
def test_letters_without_case(wanted: str, actual: str) -> None:
    answer = MATCHES["StringEqualsIgnoreCase"](wanted, actual)
    if wanted == actual:
        assert answer is True
    elif wanted.isascii() and actual.isascii():
        assert answer is (wanted.upper() == actual.upper())
    else:
        assert answer is None


arns = _spoilt(
    st.sampled_from([ROLE, ROOT, USER, "arn:aws:s3:::b", "arn:*:*:*:*:*", "vpc-1", "a:b"])
)


@bounded
@given(arns, arns)
def test_what_is_no_arn_is_compared_with_none(wanted: str, actual: str) -> None:
    answer = MATCHES["ArnLike"](wanted, actual)
    if answer is not None:
        assert actual.startswith("arn:")
        assert min(wanted.count(":"), actual.count(":")) >= 5
    if actual == wanted in (ROLE, ROOT, USER):
        assert answer is True


@bounded
@given(
    st.sampled_from(["StringEquals", "StringNotLike", "StringLikeIfExists", "ArnLike", "Bool"]),
    st.sampled_from(sorted(MULTIVALUED)),
    st.lists(st.sampled_from([ROLE, "true", "x"]), max_size=2),
)
def test_a_multivalued_key_without_a_set_operator(
    operator: str, key: str, values: list[str]
) -> None:
    absent = frozenset({key} if not values else ())
    caller = Caller((), {key: tuple(values)} if values else {}, absent)
    assert clause_holds(Clause(operator, key, ("true",)), caller) is None
    named = Clause("StringEquals", "aws:x", (f"${{{key}, 'x'}}",))
    assert clause_holds(named, Caller((), {**caller.context, "aws:x": ("x",)}, absent)) is None


EXCLUDED: list[Json | str] = ["*", {"AWS": [ROLE, ROOT, USER]}, {"Service": "ecs.amazonaws.com"}]


def test_a_deny_with_not_principal_may_deny_every_user_and_role() -> None:
    seen: Counter[str] = Counter()

    @few
    @given(policies, requests, st.sampled_from(EXCLUDED), st.sampled_from([GET, PUT]))
    def check(policy: list[Json], request: Request, excluded: Json | str, action: str) -> None:
        denied = deny(None, action, NotPrincipal=excluded)
        read = document(*policy, allow("*", "*"), denied)
        callers = (*panel(request), iam_caller(ROOT, *request))
        for caller in callers:
            verdict = evaluate(read, caller, action).verdict
            names = {name for p in caller.principals for name in p.names if p.kind == "AWS"}
            seen[verdict] += 1
            assert verdict != "allowed" or names <= {ROOT}

    check()
    assert min(seen["allowed"], seen["depends"], seen["denied"]) >= 5, seen


@few
@given(policies, requests)
def test_a_repository_policy_is_about_one_repository(policy: list[Json], request: Request) -> None:
    read = document(*policy, allow("*", "*"))
    for caller in panel(request):
        for action in ("ecr:PutRegistryPolicy", "s3:GetObject"):
            assert evaluate(read, caller, action).verdict == "denied"
