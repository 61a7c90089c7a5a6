"""Settings that need no boto3 mean what boto3 takes them for; all others are left to it."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from certifi import where
from moto import mock_aws

from reconciler import printable
from reconciler.model.registry import AssumedRole
from reconciler.model.transport import Transport
from reconciler.registry.http.signing import TIME, Credentials, Endpoint, signer_of
from reconciler.registry.session import connect, new_client
from reconciler.registry.settings.plain_settings import plain_settings
from reconciler.registry.settings.role_access import role_parameters
from reconciler.registry.transport.learnt_access import LearntAccess
from reconciler.sandbox.server import Sandbox

ACCOUNT, OTHER, REGION = "111122223333", "999900001111", "us-west-2"
ROLE = AssumedRole(f"arn:aws:iam::{ACCOUNT}:role/x")


def all_regions() -> list[str]:
    """The regions of all partitions of botocore, and some that it does not know yet."""
    session = boto3.Session()
    core = botocore.session.get_session()
    known = core.get_component("data_loader").load_data("partitions")["partitions"]
    named = {region for partition in known for region in partition["regions"]}
    listed = {
        r
        for p in session.get_available_partitions()
        for r in session.get_available_regions("ecr", p)
    }
    return sorted(named | listed | {"us-new-7", "cn-new-2", "us-gov-new-3", "eu-isoe-new-1"})


def learnt(region: str) -> LearntAccess:
    connection = connect(ACCOUNT, region, transport=Transport.BOTO3)
    return LearntAccess(new_client(connection, "ecr"), connection.boto().core)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("region", all_regions())
def test_the_address_is_that_of_boto3(region: str) -> None:
    plain = plain_settings(region)
    if region.endswith("-global"):
        assert plain is None
        return
    assert plain is not None
    by_boto = learnt(region).endpoint()
    assert by_boto is not None
    assert plain.ecr._replace(user_agent="") == by_boto._replace(user_agent="")
    assert plain.sts is not None
    assert signs_like_boto3(plain.sts, plain.keys)


class CaughtError(Exception):
    """A request that is not sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


def catch(request: AWSPreparedRequest, **_event: object) -> None:
    raise CaughtError(request)


def as_text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def signs_like_boto3(sts: Endpoint, keys: Credentials) -> bool:
    """Whether AssumeRole goes to the same place, with the same headers and signature."""
    client = new_client(connect(ACCOUNT, sts.region, transport=Transport.BOTO3), "sts")
    client.meta.events.register("before-send.sts", catch)
    with pytest.raises(CaughtError) as caught:
        client.assume_role(**role_parameters(ROLE))  # type: ignore[attr-defined]
    request = caught.value.request
    sent = {name.lower(): as_text(value) for name, value in request.headers.items()}
    signed = re.search("SignedHeaders=([^,]+)", sent["authorization"])
    assert signed is not None
    headers = {name: {"host": sts.host, **sent}[name] for name in signed[1].split(";")}
    when = datetime.strptime(sent["x-amz-date"], TIME).replace(tzinfo=UTC)
    body = as_text(request.body).encode()
    ours = signer_of(sts, headers, keys, when).authorization(body)
    return (request.url, sent["authorization"]) == (sts.url, ours)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "region", ["", "us-west", "us_west_2", "moon-base-1", "US-WEST-2", "us-wést-2"]
)
def test_what_is_no_region_that_is_known(region: str) -> None:
    assert plain_settings(region) is None


OTHER_BUNDLE = str(Path(botocore.__file__).with_name("cacert.pem"))
USUAL: dict[str, dict[str, str]] = {
    "only keys": {},
    "a token": {"AWS_SESSION_TOKEN": "a-token+/="},
    "an empty token": {"AWS_SESSION_TOKEN": ""},
    "regions": {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"},
    "an address": {"AWS_ENDPOINT_URL": "https://ecr.example.com"},
    "an address with a slash": {"AWS_ENDPOINT_URL": "https://ecr.example.com/"},
    "an address with a port": {"AWS_ENDPOINT_URL": "https://ECR.example.com:8443"},
    "an address with the usual port": {"AWS_ENDPOINT_URL": "https://ecr.example.com:443"},
    "an address without TLS": {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"},
    "an address of ECR": {
        "AWS_ENDPOINT_URL": "https://one.example.com",
        "AWS_ENDPOINT_URL_ECR": "https://two.example.com",
    },
    "addresses of others": {
        "AWS_ENDPOINT_URL_IAM": "https://one.example.com",
        "AWS_ENDPOINT_URL_ORGANIZATIONS": "https://one.example.com",
        "AWS_ENDPOINT_URL_STS": "https://one.example.com",
    },
    "a bundle": {"AWS_CA_BUNDLE": where(), "REQUESTS_CA_BUNDLE": OTHER_BUNDLE},
    "a bundle of requests": {"REQUESTS_CA_BUNDLE": OTHER_BUNDLE},
    "no proxy": {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    "an account": {"AWS_ACCOUNT_ID": ACCOUNT},
    "the AWS CLI": {"AWS_DEFAULT_OUTPUT": "json", "AWS_PAGER": "", "AWS_SDK_LOAD_CONFIG": "1"},
    "no metadata": {"AWS_EC2_METADATA_DISABLED": "true"},
    "regional STS": {"AWS_STS_REGIONAL_ENDPOINTS": "regional"},
    "one STS": {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
    "files that are none": {"AWS_CONFIG_FILE": "/no", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"},
}


@pytest.mark.parametrize("settings", USUAL.values(), ids=USUAL)
def test_usual_settings_mean_what_boto3_takes_them_for(
    credentials: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        credentials.setenv(name, value)
    plain, by_boto = plain_settings(REGION), learnt(REGION)
    found = by_boto.endpoint()
    assert plain is not None
    assert found is not None
    assert plain.sts is None or signs_like_boto3(plain.sts, plain.keys)
    assert plain.ecr._replace(user_agent="") == found._replace(user_agent="")
    own, theirs = plain.keys, by_boto.credentials()
    assert theirs is not None
    assert (own.access_key, own.secret_key) == (theirs.access_key, theirs.secret_key)
    assert (own.token or None) == (theirs.token or None)


UNUSUAL = {
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/x",
    "AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z",
    "AWS_DATA_PATH": "/x",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_DEFAULT_PROFILE": "x",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_LAMBDA_FUNCTION_NAME": "x",
    "AWS_PROFILE": "x",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/x",
    "AWS_SDK_UA_APP_ID": "x",
    "AWS_SECURITY_TOKEN": "x",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/x",
    "AWS_WHAT_IS_NOT_KNOWN_YET": "x",
    "BOTOCORE_EXPERIMENTAL__PLUGINS": "x=json",
    "BOTO_CONFIG": "/x",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "all_proxy": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    **{
        f"AWS_ENDPOINT_URL{of}": url
        for of, url in {
            "": "https://ecr.example.com/a/path",
            "_ECR": "https://me:secret@ecr.example.com",
        }.items()
    },
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_variable_is_left_to_boto3(credentials: pytest.MonkeyPatch, name: str) -> None:
    assert plain_settings(REGION) is not None
    credentials.setenv(name, UNUSUAL[name])
    assert plain_settings(REGION) is None


ADDRESSES = [
    *("", "ecr.example.com", "ftp://ecr.example.com", "https://[::1]:1"),
    *("https://x/?a=b", "https://x y", "https://x_y"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_unusual_address_is_left_to_boto3(credentials: pytest.MonkeyPatch, address: str) -> None:
    credentials.setenv("AWS_ENDPOINT_URL", address)
    assert plain_settings(REGION) is None


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
@pytest.mark.parametrize("value", [None, "", "x\n", " x", "é"])
def test_credentials_that_are_not_plain(
    credentials: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        credentials.delenv(name)
    else:
        credentials.setenv(name, value)
    assert plain_settings(REGION) is None


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("file", ["config", "credentials", "models/ecr/2015-09-21/x.json"])
def test_a_file_of_aws_is_left_to_boto3(tmp_path: Path, file: str) -> None:
    path = tmp_path / ".aws" / file
    path.parent.mkdir(parents=True)
    path.write_text("[default]\n")
    assert plain_settings(REGION) is None


def test_what_is_asked_for_is_left_to_boto3(
    credentials: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert connect(ACCOUNT, REGION).plain is not None
    assert connect(ACCOUNT, REGION, ROLE).plain is not None
    assert connect(ACCOUNT, REGION, transport=Transport.BOTO3).plain is None
    (tmp_path / "config").write_text("[profile x]\nregion = eu-west-1\n")
    with credentials.context() as settings:
        settings.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        assert connect(ACCOUNT, REGION, profile="x").plain is None
    credentials.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    assert connect(ACCOUNT, REGION, ROLE).plain is None
    credentials.setenv("AWS_STS_REGIONAL_ENDPOINTS", "regional")
    credentials.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example.com/a/path")
    assert connect(ACCOUNT, REGION, ROLE).plain is None


FILE = """\
version: 1
registries:
  - {name: one, account: "111122223333", regions: [us-west-2, eu-west-1]}
  - {name: two, account: "999900001111", regions: [us-west-2], assume_role: ROLE}
accounts: {other: "444455556666"}
principals: {ci: {role: ci, account: other}}
repositories: {team/api: {access: {ci: pull}}}
"""
RUN = """\
import sys
from reconciler.cli.main import main
try:
    main()
except SystemExit as end:
    print(end.code, *sys.modules)
"""


@pytest.mark.parametrize(
    ("command", "ends"),
    [("drift", "4"), ("plan", "0"), ("apply --yes --quiet --journal journal", "0")],
)
def test_a_run_that_reads_or_sets_policies_loads_no_boto3(
    tmp_path: Path, command: str, ends: str
) -> None:
    with Sandbox(account=ACCOUNT, other_accounts=[OTHER]) as ecr:
        role = ecr.create_role(OTHER, "reconciler")
        (tmp_path / "ecr_access.yaml").write_text(FILE.replace("ROLE", role))
        for account, region in ((ACCOUNT, REGION), (ACCOUNT, "eu-west-1"), (OTHER, REGION)):
            ecr.create_repository("team/api", account=account, region=region)  # without a policy
        done = subprocess.run(
            [sys.executable, "-c", RUN, *command.split()],
            cwd=tmp_path,
            env=ecr.environment() | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert (code, done.stderr) == (ends, "")
    assert not {"boto3", "botocore", "urllib3", "requests"} & set(loaded)


@pytest.mark.usefixtures("credentials")
def test_what_is_answered_in_place_of_aws_is_left_to_boto3() -> None:
    with mock_aws():
        assert plain_settings(REGION) is None
    assert plain_settings(REGION) is not None


def test_the_secrets_are_redacted(credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-a-test")
    credentials.setenv("AWS_SESSION_TOKEN", "a-token-of-a-test")
    plain = plain_settings(REGION)
    assert "of-a-test" not in repr(plain)
    assert "of-a-test" not in printable.redacted("a-secret-of-a-test, a-token-of-a-test")
