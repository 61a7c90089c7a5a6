"""The condition keys that AWS documents for all services and for ECR, and who has which.

Sources: IAM User Guide, "AWS global condition context keys" (the keys, and under "Availability" who
has them) and "Single-valued vs. multivalued context keys"; Service Authorization Reference,
"Actions, resources, and condition keys for Amazon Elastic Container Registry". The documentation
grows, so a key that is missing here is unknown, never wrong.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from reconciler.closest import closest

_GLOBAL = """
    aws:AssumedRoot aws:CalledVia aws:CalledViaAWSMCP aws:CalledViaFirst aws:CalledViaLast
    aws:ChatbotSourceArn aws:CurrentTime aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc
    aws:EpochTime aws:FederatedProvider aws:IsMcpServiceAction aws:MultiFactorAuthAge
    aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService
    aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName aws:PrincipalServiceNamesList
    aws:PrincipalType aws:Referer aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID
    aws:ResourceOrgPaths aws:SecureTransport aws:SignInSessionArn aws:SourceAccount aws:SourceArn
    aws:SourceIdentity aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceVpc
    aws:SourceVpcArn aws:SourceVpce aws:TagKeys aws:TokenIssueTime aws:UserAgent
    aws:ViaAWSMCPService aws:ViaAWSService aws:VpcSourceIp aws:VpceAccount aws:VpceOrgID
    aws:VpceOrgPaths aws:userid aws:username ecr:AccountSetting
"""
_TAG_PREFIXES = "aws:PrincipalTag aws:RequestTag aws:ResourceTag ecr:ResourceTag"

KNOWN_KEYS: Mapping[str, str] = MappingProxyType({key.lower(): key for key in _GLOBAL.split()})
"""Every known key in lower case, with the spelling of the documentation."""

TAG_KEYS: Mapping[str, str] = MappingProxyType({key.lower(): key for key in _TAG_PREFIXES.split()})
"""The same for the keys that take a tag's name behind a slash, such as `aws:PrincipalTag/team`."""

_SPELLING = {**KNOWN_KEYS, **TAG_KEYS}


def _keys(names: str) -> frozenset[str]:
    return frozenset(names.split())


MULTIVALUED = _keys(
    """aws:calledvia aws:principalorgpaths aws:principalservicenameslist aws:resourceorgpaths
    aws:sourceorgpaths aws:tagkeys aws:vpceorgpaths"""
)
"""Keys that may have several values in one request; only a set operator compares them all."""

ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn"})
"""Keys whose value is an ARN in each request that has them."""

ACCOUNT_KEYS: Mapping[str, str] = MappingProxyType(
    {"aws:principalarn": "aws:principalaccount", "aws:sourcearn": "aws:sourceaccount"}
)
"""Keys whose value is an ARN, each with the key for that ARN's account."""

IS_SERVICE = "aws:principalisawsservice"
SOURCE_ARN = "aws:sourcearn"

ONLY_FOR_SERVICES = _keys(
    """aws:principalservicename aws:principalservicenameslist aws:sourceaccount aws:sourcearn
    aws:sourceorgid aws:sourceorgpaths"""
)
"""Keys that are in no request of a user or role: only a service's own calls have them."""

ONLY_FOR_USERS = frozenset({"aws:username"})
"""Keys that only the requests of IAM users have."""

ONLY_FOR_SESSIONS = _keys(
    """aws:assumedroot aws:chatbotsourcearn aws:ec2instancesourceprivateipv4
    aws:ec2instancesourcevpc aws:federatedprovider aws:sourceidentity"""
)
"""Keys that only the requests of role sessions (or of a root session) have."""

ONLY_WITH_TOKENS = _keys(
    "aws:multifactorauthage aws:multifactorauthpresent aws:signinsessionarn aws:tokenissuetime"
)
"""Keys that the requests of users and roles have where they use temporary credentials."""

ONLY_FOR_MEMBERS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
"""Keys that only the requests of an organization's members have; no service is a member."""

ORGANIZATION_KEYS = ONLY_FOR_MEMBERS | {"aws:sourceorgid", "aws:sourceorgpaths"}
"""Keys that say in which organization who calls is, or what a service acts for."""

_SHORT_WORDS = {"organization": "org", "vpcendpoint": "vpce", "ipaddress": "ip"}
_VARIABLE = r"\$\{\s*([^\s,{}]+)[^{}]*\}"


def is_known_key(key: str) -> bool:
    """Whether a key, in any case, is documented for all services or for ECR."""
    name, slash, tag = key.lower().partition("/")
    # Beyond ASCII, lower case is no spelling: the Kelvin sign's is a plain k.
    return key.isascii() and name in (TAG_KEYS if slash and tag else KNOWN_KEYS)


def is_unknown_key(key: str) -> bool:
    """Whether a key has a prefix whose keys are all in the tables, and is not one of them."""
    return key.lower().startswith(("aws:", "ecr:")) and not is_known_key(key)


def spell_key(key: str) -> str:
    """Return a key in lower case as the documentation spells it, where it is known."""
    name, slash, tag = key.partition("/")
    return _SPELLING.get(name, name) + slash + tag


def variable_keys(value: str) -> list[str]:
    """Return the keys of the policy variables in a value."""
    return re.findall(_VARIABLE, value) if "${" in value else []


def abbreviate_key(key: str) -> str:
    """Return a key with AWS's short words: `aws:SourceIpAddress` as `aws:sourceip`."""
    key = key.lower()
    for word, short in _SHORT_WORDS.items():
        key = key.replace(word, short)
    return key


def candidate_keys(key: str) -> tuple[str, ...]:
    """Return the known keys that an unknown one may stand for; with its tag, where it has one."""
    _, slash, tag = key.partition("/")
    tags = tuple(f"{name}/{tag or 'TAG'}" for name in TAG_KEYS.values())
    return tags if slash else (*KNOWN_KEYS.values(), *tags)


def closest_key(key: str) -> str | None:
    """Return the known key that is closest to an unknown one; None where none is close."""
    return closest(abbreviate_key(key), candidate_keys(key))
