"""Clients of a running sandbox, and helpers of its tests."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox.server import Sandbox

MEDIA = "application/vnd.docker.distribution.manifest.v2+json"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


@contextmanager
def client(
    sandbox: Sandbox,
    service: str = "ecr",
    *,
    region: str = "us-west-2",
    keys: Mapping[str, str] | None = None,
    **config: Any,
) -> Iterator[BaseClient]:
    """A boto3 client with the sandbox's own keys or others, without retries."""
    environment = sandbox.environment()
    used = keys or {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    made = boto3.client(
        service,
        region_name=region,
        endpoint_url=sandbox.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}, **config),
        **used,
    )
    try:
        yield made
    finally:
        made.close()


def keys_of(sandbox: Sandbox, role: str) -> dict[str, str]:
    """The keys of a session of a role, as `client` takes them."""
    with client(sandbox, "sts") as sts:
        found = sts.assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


@contextmanager
def refused(code: str, message: str = "", status: int = 400) -> Iterator[None]:
    """The call inside is refused over this HTTP status and code, its message holding this."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
    assert message in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def put(ecr: BaseClient, name: str, *, layer: str = "0", tag: str = "latest", **of: str) -> None:
    """Put an image of one layer; moto's digests of images are of their layers."""
    manifest = {"mediaType": MEDIA, "layers": [{"digest": f"sha256:{layer * 64}"}]}
    ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag, **of)


def pull(ecr: BaseClient, name: str, *tags: str, **of: str) -> list[str]:
    """Pull images as a client begins to; return the tags of those that it gets."""
    wanted = [{"imageTag": tag} for tag in tags or ("latest",)]
    got = ecr.batch_get_image(repositoryName=name, imageIds=wanted, **of)["images"]
    return [image["imageId"]["imageTag"] for image in got]


def statement(**changes: Any) -> dict[str, Any]:
    """One good statement, with elements changed, added, or (with None) left out."""
    base: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "ecr:GetX"}
    return {key: value for key, value in (base | changes).items() if value is not None}


def text(*statements: Any, **elements: Any) -> str:
    """The text of a policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | elements)
