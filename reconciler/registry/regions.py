"""Regions that an account may have to enable, and endpoints that a region may not have."""

import re

_ENABLED_BY_DEFAULT = frozenset(
    {
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1"),
        *("ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1"),
        *("eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1"),
        "us-west-2",
    }
)
"""The regions of the partition `aws` that every account has ("Enable or disable AWS Regions in your
account", AWS Account Management Reference Guide)."""

_OTHER_PARTITIONS = ("cn-", "eu-iso", "eusc-", "us-gov-", "us-iso")
"""How the names of other partitions' regions begin; none of those is enabled by a customer."""

_VARIANTS = {
    "FIPS": (
        re.compile("fips", re.IGNORECASE),
        "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint in a profile)",
    ),
    "dual-stack": (
        re.compile(r"dual-?stack|\.api\.aws\b|\.api\.amazonwebservices\b", re.IGNORECASE),
        "AWS_USE_DUALSTACK_ENDPOINT (use_dualstack_endpoint in a profile)",
    ),
}
"""Kinds of endpoints: how an address, or botocore's refusal, tells of one; what asks for it."""


def is_opt_in(region: str) -> bool:
    """Tell whether an account has to enable a region before it can use it."""
    return region not in _ENABLED_BY_DEFAULT and not region.startswith(_OTHER_PARTITIONS)


def enabling_hint(region: str) -> str:
    """Say how to see whether a region is enabled for the account."""
    return (
        "the region may not be enabled for the account: see `aws account get-region-opt-status "
        f"--region-name {region}`; else check the credentials with `aws sts get-caller-identity`"
    )


def variant_hint(said: str) -> str | None:
    """Name the settings that ask for an endpoint that may not exist; None where there are none."""
    asked = {kind: setting for kind, (sign, setting) in _VARIANTS.items() if sign.search(said)}
    if not asked:
        return None
    return (
        f"not every region has a {' or '.join(asked)} endpoint: unset "
        f"{' and '.join(asked.values())}, or check the network"
    )
