"""The settings of AWS where they are so plain that boto3 need not be asked what they mean.

Static credentials and nothing unusual in the environment, and no AWS files: as in a pipeline that
logs in with OpenID Connect. Whatever is not known here to have no effect on a call is unusual.

Sources: botocore's `configprovider`, `credentials.EnvProvider`, `httpsession.get_cert_path`, and
the endpoint rules of ECR (`endpoint-rule-set-1`, `partitions`); AWS SDKs and Tools Reference Guide,
"Settings reference".
"""

import os
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from reconciler import __version__
from reconciler.printable import learn_secret
from reconciler.registry.http.signing import Credentials, Endpoint, endpoint_at

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}
_MODELS = "~/.aws/models"  # may change what botocore knows of ECR
_ADDRESSES = {
    "ecr": ("AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL"),  # the first one that is set decides
    "sts": ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"),
}
_HOSTS = {"ecr": "api.ecr", "sts": "sts"}
_STS_KIND = "AWS_STS_REGIONAL_ENDPOINTS"
_BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_HARMLESS = frozenset(
    {
        _KEY,
        _SECRET,
        _TOKEN,
        *_FILES,
        *_ADDRESSES["ecr"],
        *_ADDRESSES["sts"],
        *_BUNDLES,
        "AWS_ACCOUNT_ID",  # not in ECR's endpoints
        "AWS_DEFAULT_OUTPUT",  # of the AWS CLI only
        "AWS_DEFAULT_REGION",  # the region of a registry is given
        "AWS_EC2_METADATA_DISABLED",  # metadata are no source beside static credentials
        "AWS_ENDPOINT_URL_IAM",
        "AWS_ENDPOINT_URL_ORGANIZATIONS",
        "AWS_PAGER",  # of the AWS CLI only
        "AWS_REGION",
        "AWS_SDK_LOAD_CONFIG",  # not read by botocore
        _STS_KIND,
    }
)
_SETTING = re.compile(r"(AWS_|BOTO).*|(?!no_proxy).*_proxy", re.IGNORECASE | re.DOTALL)
_SYSTEMS_WITH_PROXIES = frozenset({"darwin", "win32"})  # in settings of the system
_PLAIN_KEY = re.compile(r"[!-~]+")  # others are refused, with a reason
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:(?P<port>[0-9]{1,5}))?/?")
_HIGHEST_PORT = 65535
_SUFFIXES = {
    r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+": "amazonaws.com",
    r"cn-\w+-\d+": "amazonaws.com.cn",
    r"eusc-de-\w+-\d+": "amazonaws.eu",
    r"us-gov-\w+-\d+": "amazonaws.com",
    r"us-iso-\w+-\d+": "c2s.ic.gov",
    r"us-isob-\w+-\d+": "sc2s.sgov.gov",
    r"eu-isoe-\w+-\d+": "cloud.adc-e.uk",
    r"us-isof-\w+-\d+": "csp.hci.ic.gov",
}
"""The domain of each partition, by its regions."""


class PlainSettings(NamedTuple):
    """The endpoints of a region, that of STS if it is known, and static credentials."""

    ecr: Endpoint
    sts: Endpoint | None
    keys: Credentials

    def endpoint(self) -> Endpoint:
        """Return the endpoint of ECR."""
        return self.ecr

    def has_to_renew(self) -> bool:
        """Return False: static credentials are never renewed."""
        return False

    def credentials(self) -> Credentials:
        """Return the credentials."""
        return self.keys


def plain_settings(
    region: str, environment: Mapping[str, str] = os.environ
) -> PlainSettings | None:
    """Return the settings for calls in a region; None where boto3 has to say what they are.

    Registers the secrets for redaction.
    """
    credentials = _credentials(environment)
    if credentials is None or _is_unusual(environment):
        return None
    ecr = _endpoint("ecr", region, environment)
    is_regional = environment.get(_STS_KIND, "regional") == "regional"
    sts = _endpoint("sts", region, environment) if is_regional else None
    return None if ecr is None else PlainSettings(ecr, sts, credentials)


def _is_unusual(environment: Mapping[str, str]) -> bool:
    settings = {name for name in environment if _SETTING.fullmatch(name)}
    return (
        bool(settings - _HARMLESS)
        or any(_has_content(environment.get(name, file)) for name, file in _FILES.items())
        or Path(_MODELS).expanduser().exists()
        or _has_system_proxy()
        or _is_answered_here()
    )


def _has_content(file: str) -> bool:
    try:
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(1) != b""
    except FileNotFoundError:
        return False
    except (OSError, RuntimeError):
        return True  # boto3 will say why it can't be read


def _has_system_proxy() -> bool:
    if sys.platform not in _SYSTEMS_WITH_PROXIES:
        return False
    from urllib.request import getproxies

    return bool(getproxies())


def _is_answered_here() -> bool:
    """Whether a handler answers the requests of boto3 in place of AWS, as moto's `mock_aws` does.

    One of moto stays after its end, and is not `enabled` then.
    """
    handlers = getattr(sys.modules.get("botocore.handlers"), "BUILTIN_HANDLERS", [])
    return any(
        event.startswith("before-send") and getattr(handler, "enabled", True)
        for event, handler, *_ in handlers
    )


def _credentials(environment: Mapping[str, str]) -> Credentials | None:
    key, secret, token = (environment.get(name, "") for name in (_KEY, _SECRET, _TOKEN))
    is_plain = _PLAIN_KEY.fullmatch(key) and _PLAIN_KEY.fullmatch(secret)
    if not is_plain or (token and not _PLAIN_KEY.fullmatch(token)):
        return None
    learn_secret(secret)
    learn_secret(token)
    return Credentials(key, secret, token or None)


def _endpoint(service: str, region: str, environment: Mapping[str, str]) -> Endpoint | None:
    address = _address(service, region, environment)
    is_tls = address is not None and address.startswith("https:")
    bundle = _bundle(environment) if is_tls else None
    if address is None or (is_tls and bundle is None):
        return None
    return endpoint_at(address, region, service, f"ecr-reconcile/{__version__}", bundle)


def _address(service: str, region: str, environment: Mapping[str, str]) -> str | None:
    suffixes = (s for regions, s in _SUFFIXES.items() if re.fullmatch(regions, region, re.ASCII))
    suffix = next(suffixes, None)
    for name in _ADDRESSES[service]:
        if name in environment:
            address = environment[name]
            is_plain = suffix is not None and _is_plain_address(address)
            return f"{address.rstrip('/')}/" if is_plain else None
    return None if suffix is None else f"https://{_HOSTS[service]}.{region}.{suffix}/"


def _is_plain_address(address: str) -> bool:
    found = _PLAIN_ADDRESS.fullmatch(address)
    return found is not None and int(found["port"] or 0) <= _HIGHEST_PORT


def _bundle(environment: Mapping[str, str]) -> str | None:
    """Return the file of the certificates that botocore trusts; None where it can't be found."""
    for name in _BUNDLES:
        if name in environment:
            return environment[name] or None
    try:
        from certifi import where
    except ImportError:
        package = find_spec("botocore")
        folders = (package.submodule_search_locations if package else None) or []
        return next((f"{folder}/cacert.pem" for folder in folders), None)
    return where()
