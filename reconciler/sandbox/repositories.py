"""moto's repositories: found, looked into, and made as the service makes them."""

import json
from dataclasses import dataclass

from moto.ecr.models import Repository, RepoTagMutability, ecr_backends

from reconciler.errors import ReconcileError
from reconciler.sandbox.calls import EcrCall, ServiceError, check_name, repository_not_found

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_LAYER = "sha256:" + 64 * "0"
_TAG = "latest"


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What a repository was made with, or has been given since.

    The first and the third in ECR's spelling (`IMMUTABLE`, `KMS`); `kms_key` is an ARN or id, None
    without KMS; `tags` are pairs of key and value, sorted.
    """

    tag_mutability: str
    scan_on_push: bool
    encryption_type: str
    kms_key: str | None
    tags: tuple[tuple[str, str], ...]


def find_repository(account: str, region: str, name: str) -> Repository | None:
    """Return a repository, None where there is none of this name."""
    return ecr_backends[account][region].repositories.get(name)


def existing_repository(account: str, region: str, name: str) -> Repository:
    """Return a repository; raises ReconcileError where there is none of this name."""
    repository = find_repository(account, region, name)
    if repository is None:
        raise ReconcileError(f"the sandbox has no repository {name!r}")
    return repository


def called_repository(call: EcrCall, name: str) -> Repository:
    """Return a repository of the caller's; raises ServiceError where there is none."""
    repository = find_repository(call.caller.account, call.caller.region, name)
    if repository is None:
        raise repository_not_found(name, call.caller.account)
    return repository


def settings_of(repository: Repository) -> StoredSettings:
    """Return the settings of a repository as they stand."""
    scanning: object = repository.image_scanning_configuration
    encryption = repository.encryption_configuration
    backend = ecr_backends[repository.account_id][repository.region_name]
    tags = backend.tagger.get_tag_dict_for_resource(repository.arn)
    return StoredSettings(
        RepoTagMutability(repository.image_tag_mutability).value,
        isinstance(scanning, dict) and scanning.get("scanOnPush") is True,
        encryption["encryptionType"],
        encryption.get("kmsKey"),
        tuple(sorted(tags.items())),
    )


def push_image(repository: Repository) -> None:
    """Put a small image into a repository; the same one each time, so that it holds it once."""
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "layers": [{"digest": _LAYER}]}
    backend = ecr_backends[repository.account_id][repository.region_name]
    if not any(_TAG in image.image_tags for image in repository.images):
        backend.put_image(repository.name, json.dumps(manifest), _TAG)


def make_repository(account: str, region: str, name: str) -> None:
    """Create a repository with the default settings.

    Raises ReconcileError where the name is invalid or taken.
    """
    try:
        check_name(name)
    except ServiceError as error:
        raise ReconcileError(error.message) from error
    if find_repository(account, region, name) is not None:
        raise ReconcileError(f"the sandbox already has a repository {name!r}")
    repository = ecr_backends[account][region].create_repository(
        repository_name=name,
        registry_id=None,
        encryption_config={},
        image_scan_config=None,
        image_tag_mutability="MUTABLE",
        tags=[],
    )
    mend_repository_uri(repository)


def mend_repository_uri(repository: Repository) -> None:
    """Give a repository in China the domain that its registry has there; moto knows one only."""
    suffix = ".amazonaws.com/"
    if repository.region_name.startswith("cn-"):
        repository.uri = repository.uri.replace(suffix, ".amazonaws.com.cn/", 1)
