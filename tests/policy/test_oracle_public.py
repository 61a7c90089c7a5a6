"""No policy lets a stranger in without being called public."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.meaning.evaluate import evaluate
from reconciler.policy.meaning.facts import facts_of
from reconciler.policy.meaning.public import public_access
from tests.effort import examples
from tests.policy.making import ACCOUNT, GET, LAMBDA, PUT, ROLE, ROOT, Json, allow, deny, document
from tests.policy.strangers import AT_WILL, ORG, SERVICE, strangers

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
OF_ORGS = [ORG, "*", "o-*", "o-a*", f"{ORG}*", "o-?1b2c3d4e5", ""]
OF_PATHS = [f"{ORG}/*", f"{ORG}/r-ab12/*", "*/r-ab12/*", f"{ORG}*/*", "o-?1b2c3d4e5/r-ab12/*",
            f"o-*/*{ORG}*"]  # fmt: skip
IS_SERVICE = "aws:PrincipalIsAWSService"
VALUES: dict[str, list[str]] = {
    "aws:PrincipalOrgID": OF_ORGS,
    "aws:PrincipalOrgPaths": OF_PATHS,
    "aws:SourceOrgID": OF_ORGS,
    "aws:SourceOrgPaths": OF_PATHS,
    "aws:VpceOrgID": OF_ORGS,
    "aws:VpceAccount": OF_ACCOUNTS,
    "aws:userid": ["AROAEXAMPLEID:ci", "AROAEXAMPLEID:*", "AIDAEXAMPLEID", ACCOUNT, "*",
                   "AROAEXAMPLEID*", "*:ci", "AROA*", "AIDA*", "*AROAEXAMPLEID:*"],
    IS_SERVICE: ["true", "false"],
    "aws:PrincipalServiceName": [SERVICE, "*"],
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
    bases = {"aws:SourceIp": ("IpAddress", "NotIpAddress"), IS_SERVICE: ("Bool",)}.get(key, BASES)
    for base in bases:
        for qualifier in ("", "ForAnyValue:", "ForAllValues:"):
            yield f"{qualifier}{base}"
            yield f"{qualifier}{base}IfExists"


def lets_strangers_in(policy: list[Json]) -> bool:
    read = document(*policy)
    verdicts = (evaluate(read, caller, what).verdict for caller in STRANGERS for what in (GET, PUT))
    return "allowed" in verdicts


def called_public(policy: list[Json]) -> bool:
    return bool(public_access(facts_of(document(*policy).statements)))


def single_conditions(key: str) -> Iterator[Json]:
    for operator in operators(key):
        for value in VALUES[key]:
            for null in (None, "true", "false"):
                yield {operator: {key: value}, **({"Null": {key: null}} if null else {})}


@pytest.mark.parametrize("key", VALUES)
def test_every_single_condition(key: str) -> None:
    leaks = [
        when
        for when in single_conditions(key)
        if not called_public(policy := [allow("*", when=when)]) and lets_strangers_in(policy)
    ]
    assert leaks == []


@pytest.mark.parametrize("key", VALUES)
def test_every_single_condition_of_a_deny(key: str) -> None:
    leaks = [
        when
        for when in single_conditions(key)
        if not called_public(policy := [allow("*"), deny("*", when=when)])
        and lets_strangers_in(policy)
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
nulls = st.tuples(st.sampled_from(sorted(VALUES)), st.sampled_from(["true", "false"])).map(
    lambda null: {"Null": {null[0]: null[1]}}
)
blocks = st.one_of(blocks, nulls, st.builds(lambda one, two: {**one, **two}, blocks, nulls))
perimeters = st.lists(
    st.sampled_from(
        [
            ("StringNotEquals", "aws:PrincipalOrgID", ORG),
            ("StringNotEqualsIfExists", "aws:SourceOrgID", ORG),
            ("StringNotEquals", "aws:PrincipalAccount", ACCOUNT),
            ("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", f"{ORG}/*"),
            ("ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", f"{ORG}/*"),
            ("NotIpAddress", "aws:SourceIp", NETS[0]),
            ("StringNotLike", "aws:userid", "AROAEXAMPLEID:*"),
            ("Bool", IS_SERVICE, "true"),
            ("BoolIfExists", IS_SERVICE, "false"),
            ("Null", "aws:PrincipalOrgPaths", "true"),
            ("Null", "aws:SourceAccount", "false"),
        ]
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda clause: clause[0],
).map(lambda found: {operator: {key: value} for operator, key, value in found})
whoever = st.sampled_from(["*", {"AWS": ["*", ROLE]}, {"Service": "*"}, LAMBDA, ROOT])
statements = st.one_of(
    st.builds(allow, whoever, st.sampled_from([GET, "*", "ecr:Put*"]), blocks),
    st.builds(
        lambda block: {**allow(None, when=block), "NotPrincipal": {"AWS": [ROLE, ROOT]}}, blocks
    ),
    st.builds(deny, whoever, st.sampled_from([GET, PUT]), blocks),
    st.builds(deny, st.just("*"), st.sampled_from([GET, "*", "ecr:*"]), perimeters),
    st.builds(
        lambda who, block: {**deny(None, "*", block), "NotPrincipal": who},
        st.sampled_from([{"AWS": [ROLE, ROOT]}, {"AWS": ROOT}, {**LAMBDA, "AWS": ROLE}]),
        perimeters | st.none(),
    ),
)


def test_whatever_lets_a_stranger_in_is_public() -> None:
    seen: Counter[str] = Counter()

    @examples(80)
    @given(st.lists(statements, min_size=1, max_size=4))
    def check(policy: list[Json]) -> None:
        inside, public = lets_strangers_in(policy), called_public(policy)
        seen["in"] += inside
        seen["not public"] += not public
        assert public or not inside

    check()
    assert min(seen["in"], seen["not public"]) >= 5, seen
