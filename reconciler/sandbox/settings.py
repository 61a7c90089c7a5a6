"""The AWS settings of a shell, and an environment in which none of them counts.

Sources: AWS SDKs and Tools Reference Guide, "Settings reference"; Boto3 documentation,
"Configuration"; requests' documentation, "Proxies" (its `REQUESTS_CA_BUNDLE` botocore reads, too).
"""

import os
from collections.abc import Mapping

_PREFIXES = ("AWS_", "BOTO_", "ECR_ACCESS_")
_BUNDLES = frozenset({"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})
_PROXIES = "_PROXY"

NO_SETTINGS: Mapping[str, str] = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
"""What keeps from the files of the home folder, from instance metadata and from proxies; Python
prefers `no_proxy`, others `NO_PROXY`."""

MISLEADING = (
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
"""Variables without a harmless value: a shell that is to reach the sandbox unsets them."""


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Give an environment without the AWS settings and the proxies that it has."""
    kept = {k: v for k, v in environment.items() if not _is_setting(k.upper())}
    return {**kept, **NO_SETTINGS}


def exempted(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the hosts that no proxy is for: those of an environment, and loopback."""
    hosts = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    named = [host for host in hosts.split(",") if host]
    loopback = NO_SETTINGS["NO_PROXY"]
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(dict.fromkeys([*named, loopback])))


def _is_setting(name: str) -> bool:
    return name.startswith(_PREFIXES) or name in _BUNDLES or name.endswith(_PROXIES)
