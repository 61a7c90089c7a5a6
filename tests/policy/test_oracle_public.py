"""No policy lets a stranger in without being called public."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.policy.evaluate import evaluate
from reconciler.policy.facts import facts_of
from reconciler.policy.public import is_public
from tests.policy.making import ACCOUNT, GET, LAMBDA, PUT, ROLE, ROOT, Json, allow, deny, document
from tests.policy.strangers import AT_WILL, ORG, strangers

DOCKER = "docker"
STRANGERS = strangers(DOCKER)
NETS = [
    "203.0.113.0/24",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "192.0.0.0/7",
    "::/0",
    "2000::/3",
]
OF_ACCOUNTS = [ACCOUNT, "*", "4444*", "4???????????", "${aws:PrincipalAccount}"]
OF_VPCS = ["vpc-0a1b", "vpce-0a1b", "*", "vpc-*", "vpc-0*", "vpce-0???"]
VALUES: dict[str, list[str]] = {
    "aws:PrincipalOrgID": [ORG, "*", "o-*", "o-a*", f"{ORG}*", "o-?1b2c3d4e5", ""],
    "aws:PrincipalOrgPaths": [f"{ORG}/*", f"{ORG}/r-ab12/*", "*/r-ab12/*", f"{ORG}*/*",
                              "o-?1b2c3d4e5/r-ab12/*", f"o-*/*{ORG}*"],
    "aws:PrincipalAccount": OF_ACCOUNTS,
    "aws:SourceAccount": OF_ACCOUNTS,
    "aws:PrincipalArn": [ROLE, ROOT, f"arn:aws:iam::{ACCOUNT}:*", "arn:aws:iam::*:role/a", "*",
                         "arn:aws:iam::4444*:role/*", f"arn:*:iam::{ACCOUNT}:role/a",
                         f"arn:aws:*:*:{ACCOUNT}:*", "arn:aws:iam::????????????:role/a"],
    "aws:SourceArn": [f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*", "arn:aws:s3:::my-bucket",
                      "arn:aws:s3:::my-*", "arn:aws:s3:::*", f"arn:aws:*:*:{ACCOUNT}:*",
                      f"arn:aws:*:*:{ACCOUNT}:function:*", "arn:aws:lambda:*:4*:function:*",
                      "arn:*", "*"],
    "aws:SourceVpc": OF_VPCS,
    "aws:SourceVpce": OF_VPCS,
    "aws:SourceIp": NETS,
    **{key: [DOCKER, "*", "dock*"] for key in AT_WILL},
}  # fmt: skip
BASES = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotEquals", "StringNotLike",
         "ArnLike", "ArnEquals", "ArnNotLike")  # fmt: skip


def operators(key: str) -> Iterator[str]:
    bases = ("IpAddress", "NotIpAddress") if key == "aws:SourceIp" else BASES
    for base in bases:
        for qualifier in ("", "ForAnyValue:", "ForAllValues:"):
            yield f"{qualifier}{base}"
            yield f"{qualifier}{base}IfExists"


def lets_strangers_in(policy: list[Json]) -> bool:
    read = document(*policy)
    verdicts = (evaluate(read, caller, what).verdict for caller in STRANGERS for what in (GET, PUT))
    return "allowed" in verdicts


def called_public(policy: list[Json]) -> bool:
    return any(is_public(*holder) for holder in facts_of(document(*policy).statements))


@pytest.mark.parametrize("key", VALUES)
def test_every_single_condition(key: str) -> None:
    leaks = [
        (operator, value)
        for operator in operators(key)
        for value in VALUES[key]
        if lets_strangers_in(policy := [allow("*", when={operator: {key: value}})])
        and not called_public(policy)
    ]
    assert leaks == []


clauses = st.sampled_from(sorted(VALUES)).flatmap(
    lambda key: st.tuples(
        st.sampled_from(list(operators(key))),
        st.just(key),
        st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=3, unique=True),
    )
)
blocks = st.lists(clauses, max_size=2, unique_by=lambda clause: clause[0]).map(
    lambda found: {operator: {key: values} for operator, key, values in found}
)
whoever = st.sampled_from(["*", {"AWS": ["*", ROLE]}, {"Service": "*"}, LAMBDA, ROOT])
statements = st.one_of(
    st.builds(allow, whoever, st.sampled_from([GET, "*", "ecr:Put*"]), blocks),
    st.builds(
        lambda block: {**allow(None, when=block), "NotPrincipal": {"AWS": [ROLE, ROOT]}}, blocks
    ),
    st.builds(deny, whoever, st.sampled_from([GET, PUT]), blocks),
)


def test_whatever_lets_a_stranger_in_is_public() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=150, deadline=None)
    @given(st.lists(statements, min_size=1, max_size=3))
    def check(policy: list[Json]) -> None:
        inside, public = lets_strangers_in(policy), called_public(policy)
        seen["in"] += inside
        seen["not public"] += not public
        assert public or not inside

    check()
    assert min(seen["in"], seen["not public"]) >= 5, seen
