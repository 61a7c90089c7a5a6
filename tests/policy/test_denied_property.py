"""No request that a grant is for is let through, where a Deny is said to take it away."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.document import Document
from reconciler.policy.language.principals import Principal
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import iam_caller
from reconciler.policy.meaning.evaluate import evaluate
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    OTHER_ACCOUNT,
    ROLE,
    ROLE_B,
    ROOT,
    USER,
    Json,
    allow,
    deny,
    service,
    statement,
)  # fmt: skip
from tests.policy.random_callers import Request
from tests.policy.test_denied import (
    ADMINS,
    BUILDS,
    CERTAIN,
    FUNCTIONS,
    IF_ANY,
    OFFICE,
    ORG,
    PATHS,
    REGISTRY,
    SESSION,
    SOURCE,
    TEAM,
    UNCERTAIN,
    but,
    loss,
    when,
)  # fmt: skip

PRINCIPALS: list[object] = [ROLE, USER, ROOT, SESSION, "*", LAMBDA]
CONDITIONS: list[Json | None] = [
    None, ORG, PATHS, FUNCTIONS, BUILDS, ADMINS, OFFICE,
    TEAM, IF_ANY, when("Bool", "aws:PrincipalIsAWSService", True),
]  # fmt: skip
DENYING: list[Json] = [condition for _, condition in (*CERTAIN, *UNCERTAIN)]
NAMING = [
    deny("*", "*"), deny([ROLE, USER], "*"), deny(ROOT, "*"), deny(LAMBDA, "*"), but(ROLE_B),
    but(ROLE, ROOT), but(OTHER_ACCOUNT), but(SESSION), but(Service="lambda.amazonaws.com"),
]  # fmt: skip


KNOWN = {
    "aws:currenttime": "2026-11-27T12:00:00Z",
    "aws:requestedregion": "us-west-2",
    "aws:resourceaccount": REGISTRY,
    "aws:securetransport": "true",
}
KEYS = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
        "aws:principaltag/team", "aws:sourceaccount", "aws:sourcearn", "aws:username",
        "aws:multifactorauthpresent", "aws:sourceidentity", "aws:tokenissuetime",
    }
)  # fmt: skip
ADDRESSES = ("203.0.113.200", "203.0.113.7", "10.0.0.1", "2001:db8::1")


def request(known: dict[str, str]) -> Request:
    """Make a request of what is known; every other key, and one without a value, is absent."""
    context = {key: (value,) for key, value in known.items() if value}
    return context, KEYS - context.keys()


def members() -> list[Caller]:
    """Users and roles as they may call: in an organization or not, tagged or not."""
    admin = f"arn:aws:iam::{ACCOUNT}:role/sso/x/Admin_1"
    names = (ROLE, ROLE_B, USER, ROOT, admin, f"arn:aws:iam::{OTHER_ACCOUNT}:role/a")
    paths = ("", "o-1/r-1/ou-1/", "o-1/r-1/ou-1/ou-3/", "o-2/r-1/")
    found = []
    for name, path, address, team in product(names, paths, ADDRESSES, ("", "z")):
        known = {
            **KNOWN,
            "aws:principalaccount": name.split(":")[4],
            "aws:principalarn": name,
            "aws:principalisawsservice": "false",
            "aws:principalorgid": path.partition("/")[0],
            "aws:principalorgpaths": path,
            "aws:principaltag/team": team,
            "aws:sourceip": address,
            "aws:principaltype": "User" if ":user/" in name else "AssumedRole",
            "aws:username": name.rpartition("/")[2] if name == USER else "",
        }
        caller = iam_caller(name, *request(known))
        found.append(caller)
        if name == ROLE:
            session = Principal("AWS", (SESSION,))
            found.append(caller._replace(principals=(session, *caller.principals)))
    return found


def services() -> list[Caller]:
    """Services as they may call for somebody's resource, of which they tell some or nothing."""
    arns = ("", f"{SOURCE}a", f"{SOURCE}b:1", "arn:aws:s3:::b", "arn:aws:x:y:1:function:f")
    accounts = ("", ACCOUNT, OTHER_ACCOUNT)
    found = []
    for name, arn, account, address in product(("lambda", "ecs"), arns, accounts, ADDRESSES):
        known = {
            **KNOWN,
            "aws:principalisawsservice": "true",
            "aws:principalservicename": f"{name}.amazonaws.com",
            "aws:sourceip": address,
            "aws:sourcearn": arn,
            "aws:sourceaccount": account,
        }
        found.append(service(f"{name}.amazonaws.com", *request(known)))
    return found


CALLERS = (*members(), *services())


@given(
    st.sampled_from(PRINCIPALS),
    st.sampled_from(CONDITIONS),
    st.sampled_from(NAMING),
    st.lists(st.sampled_from(DENYING), max_size=2, unique_by=tuple),
)
def test_whoever_may_use_the_grant_is_denied_what_is_lost(
    who: object, condition: Json | None, naming: Json, denying: list[Json]
) -> None:
    grant = allow(who, GET, condition)
    together = {operator: keys for one in denying for operator, keys in one.items()}
    denial = {**naming, "Condition": together}
    if loss(grant, denial):
        both = Document(None, (statement(grant), statement(denial)))
        assert {evaluate(both, caller, GET).verdict for caller in CALLERS} == {"denied"}
