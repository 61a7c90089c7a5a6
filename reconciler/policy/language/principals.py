"""Principals: their grammar, and one canonical value for each."""

import re
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.language.glob import has_wildcard
from reconciler.printable import unmistakable

ACCOUNT_ID = re.compile(r"[0-9]{12}")
ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2}")

_NAME = r"[A-Za-z0-9_+=,.@-]+"
_PATH = r"[!-)+-.0->@-~]*"  # any visible ASCII character but * / and ?
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):"
    r"(?P<type>root|role|user|group|assumed-role|federated-user)"
    rf"(?:/(?P<path>(?:{_PATH}/)*{_NAME}))?"
)
_SEGMENTS = {"root": 0, "assumed-role": 2, "federated-user": 1}
_OF_STS = frozenset({"assumed-role", "federated-user"})
_UNIQUE_ID = r"[A-Z]{4}[A-Z0-9]{6,}"
_GONE = {
    "AROA": "role",
    "AIDA": "user",
    "AGPA": "group",
    "AIPA": "instance profile",
    "ANPA": "managed policy",
}

_PARTITION_OF_REGION = {
    "cn": "aws-cn",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "eu-isoe": "aws-iso-e",
    "us-isof": "aws-iso-f",
    "eusc": "aws-eusc",
}


class Principal(NamedTuple):
    """Who a statement speaks of, in canonical form.

    Shape: `kind` is AWS, Service, Federated or CanonicalUser with one name (a root ARN stands
    for an account, `*` for everyone); or NotPrincipal, whose names are all those it excludes,
    each with its kind in front and sorted: it is one indivisible value; or Missing, no names.
    """

    kind: str
    names: tuple[str, ...]


class IamArn(NamedTuple):
    """The parts of an IAM or STS ARN; `path` is the path and name, without a leading slash."""

    partition: str
    account: str
    resource_type: str
    path: str


EVERYONE = Principal("AWS", ("*",))
MISSING = Principal("Missing", ())


def is_everyone(principal: Principal) -> bool:
    """Tell whether a principal is everyone, of whatever kind, or everyone but some."""
    return principal.names == ("*",) or principal.kind == "NotPrincipal"


def is_anyone(principal: Principal) -> bool:
    """Tell whether a principal stands for many whom it does not name, in any account."""
    return principal.kind in ("NotPrincipal", "Missing") or has_wildcard(principal.names[0])


def account_principal(account: str, partition: str) -> Principal:
    """Name a whole account, as its root ARN: the account's own admins delegate from there."""
    return Principal("AWS", (f"arn:{partition}:iam::{account}:root",))


def service_principal(name: str) -> Principal:
    """Name an AWS service, such as `lambda.amazonaws.com`."""
    return Principal("Service", (name,))


def canonical_name(kind: str, name: str, partition: str) -> str:
    """Spell a principal's name in one way: a bare account id is the same as its root ARN.

    Source: IAM User Guide, "AWS JSON policy elements: Principal".
    """
    if kind == "AWS" and ACCOUNT_ID.fullmatch(name):
        return f"arn:{partition}:iam::{name}:root"
    return name


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> IamArn | None:
    """Take an IAM or STS ARN apart; None where the text is none by grammar.

    A name is of ASCII letters, digits and `_+=,.@-`, a path of any visible ASCII but `*` and `?`,
    which would make it a pattern; a segment of it may be empty. There is none for root,
    ROLE/SESSION for an assumed role, NAME for a federated user, a name at least for all others.
    Sources: IAM User Guide, "IAM and AWS STS quotas"; IAM API Reference, CreateRole.
    """
    match = _ARN.fullmatch(text)
    if match is None or (match["service"] == "sts") != (match["type"] in _OF_STS):
        return None
    path = match["path"] or ""
    segments = path.split("/") if path else []
    if len(segments) != _SEGMENTS.get(match["type"], max(len(segments), 1)):
        return None
    if match["type"] in _OF_STS and not all(segments):
        return None
    return IamArn(match["partition"], match["account"], match["type"], path)


def arn_of(principal: Principal) -> IamArn | None:
    """Take the ARN of an AWS principal apart; None for all others, everyone among them."""
    return parse_arn(principal.names[0]) if principal.kind == "AWS" else None


def account_of(principal: Principal) -> str | None:
    """Give the account that an AWS principal belongs to; None for all others."""
    arn = arn_of(principal)
    return arn.account if arn else None


def plain_name(principal: Principal) -> str:
    """Write a principal as people read it: an account by its id, `everyone`, else as AWS does."""
    if principal == MISSING:
        return "(no principal)"
    if principal == EVERYONE:
        return "everyone"
    if principal.kind == "NotPrincipal":
        names = (unmistakable(name.split(":", 1)[1]) for name in principal.names)
        return f"everyone but {', '.join(names)}"
    (name,) = principal.names
    if principal.kind == "AWS":
        arn = parse_arn(name)
        return arn.account if arn and arn.resource_type == "root" else unmistakable(name)
    # A service is known by its name's form; anything else says what kind it is.
    return name if re.fullmatch(r"[a-z0-9.-]+", name) else f"{principal.kind} {unmistakable(name)}"


def gone_kind(principal: Principal) -> str | None:
    """Say what a principal was (`role`, `user`, ...) where only its unique id is left.

    The service shows a deleted principal so (IAM User Guide, "IAM identifiers", for resource
    policies in general; assumed for ECR's). None for a principal that may still exist.
    """
    kind = _GONE.get(principal.names[0][:4]) if principal.kind == "AWS" else None
    return kind if kind and re.fullmatch(_UNIQUE_ID, principal.names[0]) else None


def partition_of_region(region: str) -> str:
    """Name the partition of a region, from the region's first parts; `aws` for all others."""
    parts = region.split("-")
    return (
        _PARTITION_OF_REGION.get("-".join(parts[:2])) or _PARTITION_OF_REGION.get(parts[0]) or "aws"
    )
