"""Random live registries: what people write, and what they should not."""

from hypothesis import strategies as st

from reconciler.model.templates import CreationTemplate
from tests.adopt.making import PULL, STAGING, WORKLOADS, Json, Own, about, role, template
from tests.policy import random_policies

PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
NAMES = ["a", "app/api", "app/web", "app/web/admin", "app-2", "tools", "tools/x", "tools/y", "z.z"]
PRINCIPALS = [
    role("ci"),
    role("ci", STAGING),
    role("deploy/release"),
    role("deploy/release", STAGING),
    "arn:aws:iam::444455556666:user/alice",
    WORKLOADS,
    f"arn:aws:iam::{STAGING}:root",
    "arn:aws:sts::444455556666:assumed-role/ci/session",
]
ODD = ["AROAEXAMPLEEXAMPLE123", "*", "arn:aws-cn:iam::444455556666:role/x", "not a principal"]
SERVICES = ["lambda.amazonaws.com", "codebuild.amazonaws.com"]
ACTIONS = [
    PULL,
    [*PULL, "ecr:BatchCheckLayerAvailability", *PUSH],
    [*PULL, "ecr:DescribeImages", "ecr:ListImages"],
    ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    ["ecr:*"],
    ["ecr:Get*", "ecr:PutImage"],
    ["ecr:DescribeImages"],
    ["ecr:FlyToTheMoon"],
]
CONDITIONS: list[Json] = [
    {},
    {},
    {},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/*"]}},
    {"StringLike": {"aws:sourceArn": "arn:aws:lambda:us-west-2:444455556666:function:*"}},
    {"StringEquals": {"aws:SourceAccount": [WORKLOADS, STAGING]}},
    {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/team-*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team-*"}},
    {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01T12:00:00Z"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}},
    {"StringEquals": {"aws:PrincipalTag/on": ["yes", "012345678901", "no # c", "ü: \u2028x"]}},
]
SIDS = ["LambdaECRImageRetrievalPolicy", "Allow Pull", "EcrAccessPull", "x: # [y]"]


def _some(values: list[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


_elements: st.SearchStrategy[object] = st.one_of(
    _some(PRINCIPALS, 4).map(lambda names: {"AWS": names}),
    _some([*PRINCIPALS, *ODD], 4).map(lambda names: {"AWS": names}),
    st.sampled_from(SERVICES).map(lambda name: {"Service": name}),
    st.just("*"),
)
_statements: st.SearchStrategy[Json] = st.builds(
    lambda who, what, when, sid: {
        "Effect": "Allow",
        "Principal": who,
        "Action": what,
        **when,
        **sid,
    },
    _elements,
    st.sampled_from(ACTIONS),
    st.sampled_from(CONDITIONS).map(lambda block: {"Condition": block} if block else {}),
    st.one_of(st.just({}), st.sampled_from(SIDS).map(lambda sid: {"Sid": sid})),
)
_usual = st.lists(_statements, min_size=1, max_size=3)
_policies = st.one_of(
    st.none(), _usual, _usual, random_policies.policies, st.sampled_from(["{", "5"])
)
registries = st.dictionaries(st.sampled_from(NAMES), _policies, min_size=1, max_size=6)
"""Policies by repository: statements, None, or a text that is no policy."""

_RESOURCES = [
    *("*", "app/*", "app/w?b*", "app-*", "tools/*", "t*", "z.z", "new/*", "app/${aws:username}/*"),
]
_plain: st.SearchStrategy[Json] = _some(_RESOURCES[:-2]).map(
    lambda names: {"Resource": about(*names)}
)
_odd: st.SearchStrategy[Json] = st.one_of(
    st.sampled_from(["*", "arn:aws:ecr:*:111122223333:repository/app/*", *about("a*", region="x")])
    .map(lambda arn: {"Resource": arn}),
    _some(_RESOURCES).map(lambda names: {"Resource": about(*names)}),
    _some(_RESOURCES).map(lambda names: {"NotResource": about(*names)}),
)  # fmt: skip
_REGISTRY_ACTIONS = [
    *ACTIONS,
    ["ecr:ReplicateImage", "ecr:CreateRepository"],
    [*PULL, "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
]
_good_statements: st.SearchStrategy[Json] = st.builds(
    lambda names, when: {
        "Principal": {"AWS": names}, **({"Condition": when} if when else {})
    },
    _some(PRINCIPALS[:-1]),
    st.sampled_from(CONDITIONS),
)  # fmt: skip
_registry_statements: st.SearchStrategy[Json] = st.builds(
    lambda statement, resources, effect, actions: {
        **statement, **resources, "Effect": effect, "Action": actions
    },
    st.one_of(_good_statements, _good_statements, _statements),
    st.one_of(_plain, _plain, _odd),
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    st.sampled_from(_REGISTRY_ACTIONS),
)  # fmt: skip
_registry_lists = st.lists(_registry_statements, min_size=1, max_size=3)
_registry_policies = st.one_of(
    _registry_lists, _registry_lists, _registry_lists, st.sampled_from([None, "{", "5"])
)


def _template(
    prefix: str, policy: list[Json] | None, on: list[str], rest: Json
) -> CreationTemplate:
    return template(prefix, policy, *on, **rest)


_OCCASIONS = ["CREATE_ON_PUSH", "REPLICATION", "PULL_THROUGH_CACHE"]
_templates = st.lists(
    st.builds(
        _template,
        st.sampled_from(["app", "tools/", "new", "z.z", "ROOT"]),
        st.one_of(st.none(), st.none(), _usual),
        st.one_of(_some(_OCCASIONS), _some(_OCCASIONS), st.just(["LATER"])),
        st.sampled_from([{}, {}, {"description": "Managed by reconcile"}]),
    ),
    max_size=3,
    unique_by=lambda one: one.prefix,
)
owns = st.builds(
    Own,
    _registry_policies,
    _templates.map(tuple),
    st.sampled_from(["V2", "V2", "V2", "V1"]),
)
"""What registries say besides their repositories."""

usual_registries = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(st.none(), _usual), min_size=1, max_size=8
)
