"""Callers from outside, who may choose all of a request that a stranger can choose.

What a stranger can't choose is where it belongs: its account, its organization, its VPC, its
address. But that may resemble ours, in its first letters, say. Its roles' paths may hold colons
(IAM API Reference, CreateRole), its own resources may act for it through a service, and what
tells nothing of where it belongs (its tags, its names, its agent) it chooses at will.
"""

from itertools import product

from reconciler.policy.caller import Caller
from reconciler.policy.principals import Principal, account_principal
from tests.policy.making import ACCOUNT

ORG = "o-a1b2c3d4e5"
ACCOUNTS = ("999900001111", "444400000000")
ORGS = ("o-z9y8x7w6v5", "o-a1b2c3d4e5zz", "o-z1b2c3d4e5")
ADDRESSES = ("198.51.100.9", "2600::1")
AT_WILL = ("aws:useragent", "aws:principaltag/team", "aws:username")


def strangers(chosen: str) -> list[Caller]:
    """Make strangers whose tags, names and agent have the given value."""
    paths = ("role/a", f"role/:iam::{ACCOUNT}:role/a", f"user/x:{ACCOUNT}:role/a")
    sources = (
        None,
        "arn:aws:lambda:us-west-2:{}:function:f",
        "arn:aws:s3:::my-stranger",
        f"arn:aws:logs:us-west-2:{{}}:log-group:x:{ACCOUNT}:function:y",
    )
    choices = product(ACCOUNTS, ORGS, paths, sources)
    return [_stranger(chosen, choice, number) for number, choice in enumerate(choices)]


def _stranger(chosen: str, choice: tuple[str, str, str, str | None], number: int) -> Caller:
    account, org, path, source = choice
    arn = f"arn:aws:iam::{account}:{path}"
    known = {
        "aws:principalaccount": (account,),
        "aws:principalarn": (arn,),
        "aws:principalorgid": (org,),
        "aws:principalorgpaths": (f"{org}/r-ab12/ou-ab12-11111111/",),
        # Neither 5 nor 7 goes into the number of choices: each meets every address and network.
        "aws:sourceip": (ADDRESSES[number % 5 % 2],),
        **dict.fromkeys(AT_WILL, (chosen,)),
    }
    networks = {"aws:sourcevpc": ("vpc-0fff",), "aws:sourcevpce": ("vpce-0fff",)}
    acting = {"aws:sourceaccount": (account,), "aws:sourcearn": ((source or "").format(account),)}
    absent = {*(networks if number % 7 % 2 else ()), *(() if source else acting)}
    principals = (Principal("AWS", (arn,)), account_principal(account, "aws"))
    return Caller(principals, {**known, **networks, **acting}, frozenset(absent))
