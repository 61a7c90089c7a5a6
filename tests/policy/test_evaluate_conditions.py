"""Every family of condition operators, one table each: the policy's values, the request's."""

import pytest

from reconciler.policy.language.condition_keys import MULTIVALUED
from reconciler.policy.language.conditions import Clause
from reconciler.policy.language.request_context import Answer, Caller
from reconciler.policy.meaning.evaluate import clause_holds
from tests.policy.making import ACCOUNT, OTHER_ACCOUNT, ROLE, condition

YES, NO, UNSURE = True, False, None
KEY = "aws:x"
FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:f:live"
TEAM = {
    "aws:principaltag/team": ("blue",),
    "aws:username": ("al*",),
    "aws:tagkeys": ("a",),
    "aws:y": (ACCOUNT,),
    "aws:z": ("1:role/",),
}


def holds(operator: str, wanted: object, actual: tuple[str, ...] | str | None) -> Answer:
    """Ask of one clause; the request lacks the key where `actual` is empty, None: not known."""
    values = wanted if isinstance(wanted, list) else [wanted]
    (clause,) = condition(operator, KEY, *values)
    known = (actual,) if isinstance(actual, str) else actual
    return clause_holds(
        clause,
        Caller(
            (), {**TEAM, **({} if known is None else {KEY: known})}, frozenset({"no:y", "no:k"})
        ),
    )


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("StringEquals", "a", "a", YES),
        ("StringEquals", "a", "A", NO),
        ("StringEquals", "a*", "ab", NO),
        ("StringEquals", "a*", "a*", YES),
        ("StringEquals", ["a", "b"], "b", YES),
        ("StringNotEquals", ["a", "b"], "b", NO),
        ("StringNotEquals", ["a", "b"], "c", YES),
        ("StringEqualsIgnoreCase", "Ab", "aB", YES),
        ("StringEqualsIgnoreCase", "Ab", "b", NO),
        ("StringEqualsIgnoreCase", "\u00c4", "\u00c4", YES),
        ("StringEqualsIgnoreCase", "\u00c4", "\u00e4", UNSURE),
        ("StringEqualsIgnoreCase", "\u00c4", "b", UNSURE),
        ("StringEqualsIgnoreCase", "stra\u00dfe", "strasse", UNSURE),
        ("StringEqualsIgnoreCase", "strasse", "stra\u00dfe", UNSURE),
        ("StringEqualsIgnoreCase", "\u212a", "k", UNSURE),
        ("StringNotEqualsIgnoreCase", "k", "\u212a", UNSURE),
        ("StringEqualsIgnoreCase", "i", "\u0131", UNSURE),
        ("StringNotEqualsIgnoreCase", "\u0130", "i", UNSURE),
        ("StringEqualsIgnoreCase", ["\u017f", "S"], "s", YES),
        ("StringEqualsIgnoreCase", "A*?", "a*?", YES),
        ("StringEqualsIgnoreCase", "a${*}", "A*", YES),
        ("StringLike", "a?", "a\u00e4", UNSURE),
        ("StringLike", "?*", "\U0001f600", UNSURE),
        ("StringLike", "a*", "a\u00e4", YES),
        ("StringNotEqualsIgnoreCase", "Ab", "aB", NO),
        ("StringLike", "a*c?", "abbcd", YES),
        ("StringLike", "a*c?", "abbc", NO),
        ("StringLike", "A*", "ab", NO),
        ("StringLike", "arn:*:f", "arn:a:b:f", YES),
        ("StringLike", "a?c", "a*c", YES),
        ("StringNotLike", "a*", "abc", NO),
        ("StringNotLike", ["a*", "b*"], "c", YES),
    ],
)
def test_strings(operator: str, wanted: object, actual: str, answer: Answer) -> None:
    assert holds(operator, wanted, actual) is answer


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("NumericEquals", 5, "5.0", YES),
        ("NumericEquals", "5", "6", NO),
        ("NumericNotEquals", 5, "5", NO),
        ("NumericNotEquals", [5, 6], "7", YES),
        ("NumericLessThan", 5, "4.9", YES),
        ("NumericLessThan", 5, "5", NO),
        ("NumericLessThanEquals", 5, "5", YES),
        ("NumericGreaterThan", 5, "-6", NO),
        ("NumericGreaterThan", "-5", "-4", YES),
        ("NumericGreaterThanEquals", "1e3", "1000", UNSURE),
        ("NumericEquals", "0.50", "0.5", YES),
        ("NumericEquals", 1000, "1_000", UNSURE),
        ("NumericLessThan", 7, "\u0665", UNSURE),
        ("NumericEquals", 5, " 5", UNSURE),
        ("NumericEquals", 5, "5\n", UNSURE),
        ("NumericEquals", 5, "+5", UNSURE),
        ("NumericEquals", "+5", "5", UNSURE),
        ("NumericEquals", 5, "05", UNSURE),
        ("NumericEquals", "010", "10", UNSURE),
        ("NumericEquals", 5, "5.", UNSURE),
        ("NumericLessThan", 5, ".5", UNSURE),
        ("NumericEquals", 255, "0xff", UNSURE),
        ("NumericLessThan", 5, "-Infinity", UNSURE),
        ("NumericNotEquals", [5, "1e3"], "5", NO),
        ("NumericGreaterThanEquals", "1e99999999999999999999", "1", UNSURE),
        ("NumericEquals", 5, "five", UNSURE),
        ("NumericLessThan", 5, "NaN", UNSURE),
        ("NumericNotEquals", 5, "five", UNSURE),
    ],
)
def test_numbers(operator: str, wanted: object, actual: str, answer: Answer) -> None:
    assert holds(operator, wanted, actual) is answer


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("DateEquals", "2027-03-31T02:00:00+02:00", "2027-03-31T00:00:00Z", YES),
        ("DateNotEquals", "2027-03-31T00:00:00Z", "2027-03-31T00:00:00.5Z", YES),
        ("DateLessThan", "2027-03-31T00:00:00Z", "2027-03-30T23:59:59Z", YES),
        ("DateLessThan", "2027-03-31T00:00:00Z", "2027-03-31T00:00:00Z", NO),
        ("DateLessThanEquals", "2027-03-31", "2027-03-31T00:00:00Z", YES),
        ("DateGreaterThan", "2027-03", "2027-03-01T00:00:01Z", YES),
        ("DateGreaterThan", "1800000000", "2027-01-15T08:00:00Z", NO),
        ("DateGreaterThanEquals", "1800000000", "2027-01-15T08:00:00Z", YES),
        ("DateGreaterThan", "-1", "1970-01-01T00:00:00Z", YES),
        ("DateLessThan", "2027", "2026-01-01T00:00:00Z", UNSURE),
        ("DateLessThan", "2027-03-31T00:00:00", "2026-01-01T00:00:00Z", UNSURE),
        ("DateLessThan", "2027-02-31", "2026-01-01T00:00:00Z", UNSURE),
        ("DateLessThan", "2027-03-31", "tomorrow", UNSURE),
        ("DateLessThan", "2027-03-31T10:00Z", "2027-03-31T09:59:59.999999Z", YES),
        ("DateLessThan", "2027-03-31", "2026-12-01 12:00:00", UNSURE),
        ("DateLessThan", "2027-03-31", "2026-12-01 12:00:00Z", UNSURE),
        ("DateLessThan", "2027-03-31", "2026-W10-1", UNSURE),
        ("DateLessThan", "2027-03-31", "2026-335", UNSURE),
        ("DateGreaterThan", "2027-03-31T10:00:00+0200", "2027-04-01", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "20270401T100000Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10:00:00,5Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01t10:00:00Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10:00:00z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10:00:00.1234567Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10:00:00+02:00:30", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T10:00:00+02:75", UNSURE),
        ("DateGreaterThan", "2027-03-31", "2027-04-01T24:00:00Z", UNSURE),
        ("DateGreaterThan", "2027-03-31", " 2027-04-01", UNSURE),
        ("DateGreaterThan", "2027-03-31", "\u0662027-04-01", UNSURE),
        ("DateGreaterThan", "1800000000", "1_900_000_000", UNSURE),
        ("DateGreaterThan", "1800000000", "1900000000.5", UNSURE),
        ("DateGreaterThan", "0800000000", "1900000000", UNSURE),
        ("DateGreaterThan", ["2027", "2027-01"], "2027-02", YES),
    ],
)
def test_dates(operator: str, wanted: str, actual: str, answer: Answer) -> None:
    assert holds(operator, wanted, actual) is answer


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("Bool", True, "true", YES),
        ("Bool", "TRUE", "true", YES),
        ("Bool", False, "true", NO),
        ("Bool", [True, False], "false", YES),
        ("Bool", True, "yes", UNSURE),
        ("BinaryEquals", "QUI=", "QUI=", YES),
        ("BinaryEquals", "QUI=", "QUE=", NO),
        ("BinaryEquals", "QUI=", "not base64", UNSURE),
        ("BinaryEquals", "QUI", "QUI=", UNSURE),
        ("BinaryEquals", "QUJ=", "QUI=", UNSURE),
        ("BinaryEquals", "QUI=", "QUI=\n", UNSURE),
        ("BinaryEquals", "QUI=", "\u212a", UNSURE),
    ],
)
def test_booleans_and_binaries(operator: str, wanted: object, actual: str, answer: Answer) -> None:
    assert holds(operator, wanted, actual) is answer


@pytest.mark.parametrize(
    ("wanted", "actual", "answer"),
    [
        ("203.0.113.7", "203.0.113.7", YES),
        ("203.0.113.7", "203.0.113.8", NO),
        ("203.0.113.0/24", "203.0.113.8", YES),
        (["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.8", YES),
        ("2001:db8::/32", "2001:DB8::1", YES),
        ("0.0.0.0/0", "2001:db8::1", NO),
        ("203.0.113.0/24", "somewhere", UNSURE),
        ("203.0.113.7/24", "203.0.113.8", UNSURE),
        ("203.0.113.0/24", "::ffff:203.0.113.8", UNSURE),
        ("::ffff:203.0.113.0/120", "203.0.113.8", UNSURE),
        ("fe80::/10", "fe80::1%eth0", UNSURE),
        ("203.0.113.0/24", "203.0.113.08", UNSURE),
        ("203.0.113.0/24", "203.0.113.8/32", UNSURE),
        ("203.0.113.0/24", " 203.0.113.8", UNSURE),
    ],
)
def test_addresses(wanted: object, actual: str, answer: Answer) -> None:
    assert holds("IpAddress", wanted, actual) is answer
    assert holds("NotIpAddress", wanted, actual) is (None if answer is None else not answer)


@pytest.mark.parametrize("name", ["Like", "Equals"])
@pytest.mark.parametrize(
    ("wanted", "actual", "answer"),
    [
        (ROLE, ROLE, YES),
        (ROLE, f"{ROLE}b", NO),
        (f"arn:aws:iam::{ACCOUNT}:role/*", ROLE, YES),
        (f"arn:*:iam:*:{ACCOUNT}:*", ROLE, YES),
        ("arn:aws:iam::*:role/a", ROLE, YES),
        (f"arn:aws:lambda:*:{ACCOUNT}:function:*", FUNCTION, YES),
        ("arn:aws:lambda:*:function:f:live", FUNCTION, NO),
        (f"arn:*:{ACCOUNT}:a:b:c", f"arn:x:y:{ACCOUNT}:a:b:c", NO),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/*", ROLE, NO),
        (ROLE, "vpc-1", UNSURE),
        (ROLE, "", UNSURE),
        (ROLE, ACCOUNT, UNSURE),
        (ROLE, f"aws:arn:iam::{ACCOUNT}:role/a", UNSURE),
        (ROLE, f"ARN:aws:iam::{ACCOUNT}:role/a", UNSURE),
        ("*:*:*:*:*:*", f"*:aws:iam::{ACCOUNT}:role/a", UNSURE),
        (ROLE, f"arn:aws:iam::{ACCOUNT}:", UNSURE),
        ("arn:*:*:*:*:*", "arn::iam:::x", UNSURE),
        ("*", ROLE, UNSURE),
        ("role/a", ROLE, UNSURE),
        (f"aws:arn:iam::{ACCOUNT}:role/a", ROLE, UNSURE),
        (f"arn:aws::{ACCOUNT}::role/a", ROLE, UNSURE),
        ("*:*:*:*:*:*", ROLE, YES),
        (f"ar?:aws:iam::{ACCOUNT}:role/b", ROLE, NO),
    ],
)
def test_arns(name: str, wanted: str, actual: str, answer: Answer) -> None:
    assert holds(f"Arn{name}", wanted, actual) is answer
    assert holds(f"ArnNot{name}", wanted, actual) is (None if answer is None else not answer)


@pytest.mark.parametrize(
    ("operator", "wanted", "answer"),
    [
        ("StringEquals", "a", NO),
        ("StringNotEquals", "a", YES),
        ("StringLike", "*", NO),
        ("StringNotLike", "*", YES),
        ("NumericLessThan", 5, NO),
        ("NumericNotEquals", 5, YES),
        ("DateGreaterThan", "2027-03-31", NO),
        ("DateNotEquals", "2027-03-31", YES),
        ("Bool", False, NO),
        ("BinaryEquals", "QUI=", NO),
        ("IpAddress", "0.0.0.0/0", NO),
        ("NotIpAddress", "0.0.0.0/0", YES),
        ("ArnLike", "arn:*:*:*:*:*", NO),
        ("ArnNotLike", "arn:*:*:*:*:*", YES),
        ("Null", True, YES),
        ("Null", False, NO),
        ("StringEqualsIfExists", "a", YES),
        ("StringNotEqualsIfExists", "a", YES),
        ("BoolIfExists", True, YES),
        ("ForAllValues:StringEquals", "a", YES),
        ("ForAllValues:StringNotEquals", "a", YES),
        ("ForAnyValue:StringEquals", "a", NO),
        ("ForAnyValue:StringNotEquals", "a", NO),
        ("ForAnyValue:StringEqualsIfExists", "a", UNSURE),
    ],
)
def test_a_missing_key(operator: str, wanted: object, answer: Answer) -> None:
    assert holds(operator, wanted, ()) is answer
    (clause,) = condition(operator, KEY, wanted)
    assert clause_holds(clause, Caller((), {}, frozenset({KEY}))) is answer


@pytest.mark.parametrize(
    "operator",
    ["StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAllValues:StringLike", "Null"],
)
def test_a_key_of_which_nothing_is_known(operator: str) -> None:
    assert holds(operator, "true", None) is UNSURE


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("ForAnyValue:StringEquals", ["a", "b"], ("b", "c"), YES),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), NO),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("b", "c"), YES),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), NO),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b", "a"), YES),
        ("ForAllValues:StringEquals", ["a", "b"], ("b", "c"), NO),
        ("ForAllValues:StringNotLike", "a*", ("b", "c"), YES),
        ("ForAllValues:StringNotLike", "a*", ("b", "ac"), NO),
        ("ForAnyValue:StringLikeIfExists", "o-1/*", ("o-1/r-1/",), YES),
        ("ForAnyValue:NumericLessThan", 5, ("x", "4"), YES),
        ("ForAllValues:NumericLessThan", 5, ("x", "6"), NO),
        ("ForAllValues:NumericLessThan", 5, ("x", "4"), UNSURE),
        ("ForAnyValue:ArnLike", ROLE, (ROLE, "x"), YES),
        ("ForAllValues:ArnLike", ROLE, (ROLE, "x"), UNSURE),
        ("StringEquals", "a", ("a", "b"), UNSURE),
        ("StringNotEquals", "z", ("a", "b"), UNSURE),
        ("ForAllValues:StringEquals", "a", ("",), UNSURE),
        ("ForAllValues:StringEquals", "", ("",), YES),
        ("ForAnyValue:StringEquals", "", ("",), UNSURE),
        ("ForAnyValue:StringEquals", "a", ("",), NO),
        ("StringEquals", "", "", YES),
    ],
)
def test_several_values(
    operator: str, wanted: object, actual: tuple[str, ...] | str, answer: Answer
) -> None:
    assert holds(operator, wanted, actual) is answer


@pytest.mark.parametrize(
    ("wanted", "actual", "answer"),
    [
        ("true", "x", NO),
        ("FALSE", "x", YES),
        ("true", "", UNSURE),
        ("false", ("", ""), UNSURE),
        ("${aws:x}", "x", UNSURE),
        (["true", "false"], "x", YES),
    ],
)
def test_null(wanted: object, actual: tuple[str, ...] | str, answer: Answer) -> None:
    assert holds("Null", wanted, actual) is answer


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "answer"),
    [
        ("StringEquals", "${aws:PrincipalTag/team}", "blue", YES),
        ("StringEquals", "${AWS:principaltag/TEAM}", "red", NO),
        ("StringNotEquals", "${aws:PrincipalTag/team}", "blue", NO),
        ("StringLike", "x/${aws:PrincipalTag/team}/*", "x/blue/7", YES),
        ("ArnLike", "arn:aws:iam::1:role/${aws:PrincipalTag/team}-*", "arn:aws:iam::1:role/blue-a",
         YES),
        ("StringLike", "a${*}", "a*", YES),
        ("StringLike", "a${*}", "ab", NO),
        ("StringLike", "a${?}", "ab", NO),
        ("StringEquals", "a${$}{x}", "a${x}", YES),
        ("StringEquals", "a${*}", "a*", YES),
        ("StringEquals", "${no:Y, 'blue'}", "blue", YES),
        ("StringEquals", "${aws:PrincipalTag/team, 'red'}", "blue", YES),
        ("StringEquals", "${no:Y,'blue'}", "blue", UNSURE),
        ("StringEquals", "${no:Y , 'blue'}", "blue", UNSURE),
        ("StringEquals", "${no:Y,\u00a0'blue'}", "blue", UNSURE),
        ("ArnLike", "arn:aws:iam::${aws:x}:role/a", "arn:aws:iam::1:2:role/a", UNSURE),
        ("ArnLike", "arn:aws:iam::${aws:y}:role/a", ROLE, YES),
        ("StringLike", "arn:aws:iam::${aws:z}a", "arn:aws:iam::1:role/a", YES),
        ("ArnLike", "arn:aws:iam::${aws:z}a", "arn:aws:iam::1:role/a", UNSURE),
        ("StringEquals", "${no:Y}", "blue", UNSURE),
        ("StringNotEquals", "${no:Y}", "blue", UNSURE),
        ("StringEquals", "${un:known, 'blue'}", "blue", UNSURE),
        ("StringEquals", ["${un:known}", "blue"], "blue", YES),
        ("StringNotEquals", ["${un:known}", "blue"], "blue", NO),
        ("StringLike", "${aws:username}", "alice", UNSURE),
        ("StringEquals", "${aws:TagKeys}", "a", UNSURE),
        ("StringEquals", "${aws:tagkeys, 'a'}", "a", UNSURE),
        ("StringEquals", "${aws:PrincipalOrgPaths, 'a'}", "a", UNSURE),
        ("ForAnyValue:StringLike", "${aws:VpceOrgPaths}", "a", UNSURE),
        ("StringEquals", "${not a name}", "a", UNSURE),
        ("StringEquals", "${no:\u212a, 'a'}", "a", UNSURE),
        ("StringEquals", "${open", "${open", UNSURE),
        ("NumericEquals", "${aws:PrincipalTag/team}", "5", UNSURE),
        ("IpAddress", "${aws:SourceIp}", "203.0.113.7", UNSURE),
    ],
)  # fmt: skip
def test_variables(operator: str, wanted: object, actual: str, answer: Answer) -> None:
    assert holds(operator, wanted, actual) is answer


def test_what_is_no_arn_is_compared_with_none_as_text() -> None:
    (clause,) = condition("StringLike", "aws:SourceArn", "a*")
    assert clause_holds(clause, Caller((), {clause.key: ("a",)})) is UNSURE


@pytest.mark.parametrize("key", sorted(MULTIVALUED))
@pytest.mark.parametrize("values", [("a",), ("a", "b"), ()])
def test_a_multivalued_key_takes_a_set_operator(key: str, values: tuple[str, ...]) -> None:
    caller = Caller((), {key: values} if values else {}, frozenset({key} if not values else ()))
    for operator in ("StringEquals", "StringNotEquals", "StringLikeIfExists", "ArnNotLike"):
        assert clause_holds(Clause(operator, key, ("a",)), caller) is UNSURE
    assert clause_holds(Clause("ForAnyValue:StringEquals", key, ("a",)), caller) is bool(values)
    assert clause_holds(Clause("Null", key, ("false",)), caller) is bool(values)


@pytest.mark.parametrize(
    "operator",
    ["ARNLike", "ARNEquals", "stringequals", "StringResembles", "ForSomeValues:StringEquals", ""],
)
def test_an_unknown_operator_is_never_certain(operator: str) -> None:
    assert clause_holds(Clause(operator, KEY, ("a",)), Caller((), {KEY: ("a",)})) is UNSURE
