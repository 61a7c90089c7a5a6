"""The environment variables that AWS clients read, and an environment without them.

Sources: AWS SDKs and Tools Reference Guide, "Settings reference"; Boto3 documentation,
"Configuration"; requests' documentation, "Proxies" (botocore reads its `REQUESTS_CA_BUNDLE`, too).
"""

import os
import re
from collections.abc import Mapping

_SETTING = re.compile(
    r"(?:AWS|BOTO|ECR_ACCESS)_.*|(?:REQUESTS|CURL)_CA_BUNDLE|.*_PROXY", re.IGNORECASE | re.DOTALL
)
_LOOPBACK = "127.0.0.1"

NEUTRAL: Mapping[str, str] = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": _LOOPBACK,
    "no_proxy": _LOOPBACK,
}
"""Turns off the AWS files of the home folder, instance metadata, and proxies for the sandbox.
Python prefers `no_proxy`, other clients `NO_PROXY`."""

UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_DEFAULTS_MODE",
    "AWS_DATA_PATH",
)
"""Variables without a neutral value: a shell must unset them to reach the sandbox."""


def without_aws_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without its AWS settings and proxies."""
    kept = {name: value for name, value in environment.items() if not _SETTING.fullmatch(name)}
    return {**kept, **NEUTRAL}


def no_proxy_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the `NO_PROXY` variables of an environment, with loopback added."""
    hosts = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    unique = dict.fromkeys([*filter(None, hosts.split(",")), _LOOPBACK])
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(unique))
