"""`until`: a day, or a moment in UTC; what is said of other ways to write one."""

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.policy.language.conditions import CURRENT_TIME
from tests.access_file.files import HEAD, desired, load, load_access, only, rules, valid

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ending(until: str) -> str:
    return f"repositories: {{tools/one: {{access: {{'444455556666': {{tier: pull, {until}}}}}}}}}\n"


@pytest.mark.parametrize(
    ("until", "value"),
    [
        ("2026-06-01", "2026-06-01T00:00:00Z"),
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"),
        ("'2026-06-01T23:59:59Z'", "2026-06-01T23:59:59Z"),
    ],
)
def test_the_end_is_a_condition_to_the_second(until: str, value: str) -> None:
    access = valid(ending(f"until: {until}"))
    (grant,) = desired(access)["tools/one"].grants
    assert [(c.operator, c.key, c.values) for c in grant.condition] == [
        ("DateLessThan", CURRENT_TIME, (value,))
    ]


@pytest.mark.parametrize(("seconds", "told"), [(-1, []), (0, ["expired"]), (1, ["expired"])])
def test_a_grant_ends_at_its_second(seconds: int, told: list[str]) -> None:
    text = ending("until: 2026-06-01T12:00:00Z")
    now = NOON + timedelta(seconds=seconds)
    loaded = load_access((HEAD + text).encode(), "f.yaml", now=now)
    assert rules(loaded) == told
    assert loaded.parts
    wanted = desired(loaded.parts[0], now=now)["tools/one"]
    assert (len(wanted.grants), len(wanted.expired)) == ((0, 1) if told else (1, 0))
    for problem in loaded.problems:
        assert "expired on 2026-06-01T12:00:00Z and has" in problem.message


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("7d", "7 days from now is 2026-01-08"),
        ("+1 week", "1 week from now is 2026-01-08"),
        ("in 90 days", "90 days from now is 2026-04-01"),
        ("90min", "90 minutes from now is 2026-01-01T01:30:00Z"),
        ("12h", "12 hours from now is 2026-01-01T12:00:00Z"),
        ("PT45S", "45 seconds from now is 2026-01-01T00:00:45Z"),
        ("P3D", "3 days from now is 2026-01-04"),
        ("2 yrs", "2 years from now is 2028-01-01"),
        ("6mo", "6 months from now is 2026-06-30"),
        ("1h30m", "1 hour 30 minutes from now is 2026-01-01T01:30:00Z"),
        ("1 day and 2 hours", "1 day 2 hours from now is 2026-01-02T02:00:00Z"),
        ("P1DT12H", "1 day 12 hours from now is 2026-01-02T12:00:00Z"),
        ("P1M", "1 month from now is 2026-01-31"),
        ("PT1M", "1 minute from now is 2026-01-01T00:01:00Z"),
        ("' 7d '", "7 days from now is 2026-01-08"),
    ],
)
def test_of_a_duration_the_end_is_given_and_why(until: str, moment: str) -> None:
    problem = only(load(ending(f"until: {until}")))
    assert problem.rule == "bad-date"
    assert problem.hint == f"a duration would end later on each run, so write the end: {moment}"
    end = moment.split(" is ")[1]
    assert rules(load(ending(f"until: {end}"))) == []


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2026-12-01T12:00:00+01:00", "2026-12-01T11:00:00Z"),
        ("2026-12-01T00:30:00+01:00", "2026-11-30T23:30:00Z"),
        ("2026-12-01 12:00:00", "2026-12-01T12:00:00Z"),
        ("'2026-12-01T12:00'", "2026-12-01T12:00:00Z"),
        ("2026-12-01T12:00:00.5Z", "2026-12-01T12:00:00Z"),
        ("2026-12-01t12:00:00z", "2026-12-01T12:00:00Z"),
    ],
)
def test_of_another_form_the_one_in_utc_is_given(until: str, moment: str) -> None:
    problem = only(load(ending(f"until: {until}")))
    assert problem.hint == f"write it in UTC, to the second: {moment}"
    assert rules(load(ending(f"until: {moment}"))) == []


@pytest.mark.parametrize(
    "until",
    ["tomorrow", "999999y", "5 parsecs", "2026-12-01T99:00:00", "31.12.2026", "20261201T12"],
)
def test_of_what_is_not_understood_the_forms_are_given(until: str) -> None:
    problem = only(load(ending(f"until: {until}")))
    assert problem.hint == "write a date, 2027-03-31, or a time in UTC, 2027-03-31T12:00:00Z"


@pytest.mark.parametrize(
    ("until", "what"),
    [
        ("2026-02-30T12:00:00Z", "date"),
        ("2026-12-01T24:30:00Z", "time"),
        ("2026-12-01T12:60:00Z", "time"),
    ],
)
def test_what_does_not_exist_is_no_matter_of_form(until: str, what: str) -> None:
    problem = only(load(ending(f"until: {until}")))
    assert (problem.message, problem.hint) == (f"'{until}' is not a valid {what}", None)
