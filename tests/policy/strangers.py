"""Callers from outside, who may choose all of a request that a stranger can choose.

What a stranger can't choose is where it belongs: its account, its organization, its VPC, its
address. But that may resemble ours, in its first letters, say. Its roles' paths may hold colons
(IAM API Reference, CreateRole), services may act for its own resources, and what tells nothing of
where it belongs (its tags, its names, its agent) it chooses at will.
"""

from itertools import product

from reconciler.policy.language.condition_keys import ONLY_FOR_MEMBERS, ONLY_FOR_SERVICES
from reconciler.policy.language.principals import Principal, account_principal, service_principal
from reconciler.policy.language.request_context import Caller
from tests.policy.making import ACCOUNT

ORG = "o-a1b2c3d4e5"
ACCOUNTS = ("999900001111", "444400000000")
ORGS = ("o-z9y8x7w6v5", "o-a1b2c3d4e5zz", "o-z1b2c3d4e5", None)
ADDRESSES = ("198.51.100.9", "2600::1")
AT_WILL = ("aws:useragent", "aws:principaltag/team", "aws:username")
SERVICE = "codebuild.amazonaws.com"  # not one that the tests' policies let in by name
PATHS = ("role/a", f"role/:iam::{ACCOUNT}:role/a", f"user/x:{ACCOUNT}:role/a")
IDS = ("AROASTRANGER:AROAEXAMPLEID:ci", "AIDASTRANGER", "AROAEXAMPLEIDZZ:ci")
SOURCES = (
    None,
    "arn:aws:lambda:us-west-2:{}:function:f",
    "arn:aws:s3:::my-stranger",
    f"arn:aws:logs:us-west-2:{{}}:log-group:x:{ACCOUNT}:function:y",
)

Context = dict[str, tuple[str, ...]]


def strangers(chosen: str) -> list[Caller]:
    """Make strangers whose tags, names and agent have the given value."""
    iam = product(ACCOUNTS, ORGS, zip(PATHS, IDS, strict=True))
    services = product(ACCOUNTS, ORGS, SOURCES)
    return [
        *(_of_iam(chosen, *choice, number) for number, choice in enumerate(iam)),
        *(_service(chosen, *choice, number) for number, choice in enumerate(services)),
    ]


def _of_iam(
    chosen: str, account: str, org: str | None, who: tuple[str, str], number: int
) -> Caller:
    path, id_ = who
    arn = f"arn:aws:iam::{account}:{path}"
    known = {
        "aws:principalisawsservice": ("false",),
        "aws:principalaccount": (account,),
        "aws:principalarn": (arn,),
        "aws:userid": (id_,),
        **_organization("aws:principalorg", org),
        **dict.fromkeys(AT_WILL, (chosen,)),
    }
    principals = (Principal("AWS", (arn,)), account_principal(account, "aws"))
    return _caller(principals, known, account, org, number)


def _service(chosen: str, account: str, org: str | None, source: str | None, number: int) -> Caller:
    acting: Context = {
        "aws:sourceaccount": (account,),
        "aws:sourcearn": ((source or "").format(account),),
        **_organization("aws:sourceorg", org),
    }
    known: Context = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (SERVICE,),
        "aws:useragent": (chosen,),
        **(acting if source else {}),
    }
    return _caller((service_principal(SERVICE),), known, account, org, number)


def _caller(
    principals: tuple[Principal, ...], known: Context, account: str, org: str | None, number: int
) -> Caller:
    """Complete a request; whatever is not known by then is not in it."""
    networks: Context = {
        "aws:sourcevpc": ("vpc-0fff",),
        "aws:sourcevpcarn": (f"arn:aws:ec2:us-west-2:{account}:vpc/vpc-0fff",),
        "aws:sourcevpce": ("vpce-0fff",),
        "aws:vpceaccount": (account,),
        **_organization("aws:vpceorg", org),
    }
    # Neither 5 nor 7 goes into the number of choices: each meets every address and network.
    context = {
        **known,
        **(networks if number % 7 % 2 else {}),
        "aws:sourceip": (ADDRESSES[number % 5 % 2],),
    }
    absent = {
        *networks,
        *ONLY_FOR_MEMBERS,
        *ONLY_FOR_SERVICES,
        *AT_WILL,
        *("aws:principalaccount", "aws:principalarn", "aws:userid"),
        *("aws:vpceorgid", "aws:vpceorgpaths"),
    }
    return Caller(principals, context, frozenset(absent - context.keys()))


def _organization(prefix: str, org: str | None) -> Context:
    return {f"{prefix}id": (org,), f"{prefix}paths": (f"{org}/r-ab12/ou-ab12-1/",)} if org else {}
