"""The sandbox's state, which is moto's: roles, users, access keys and repositories."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import moto.core.base_backend as moto_backends
import moto.ecr.models as moto_ecr
from moto.core.model_instances import reset_model_data
from moto.ecr.models import Image, Repository, RepoTagMutability, ecr_backends
from moto.iam.models import IAMBackend, Role, User, iam_backends
from moto.utilities.utils import get_partition

from reconciler.closest import closest
from reconciler.errors import ReconcileError, UsageError
from reconciler.printable import quoted
from reconciler.sandbox.json_values import Json, objects
from reconciler.sandbox.requests.protocol import ServiceError, check_length, invalid_parameter

_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+"
)

# Of botocore's model of ECR, shape RepositoryName.
NAME_PATTERN = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
NAME_LENGTHS = (2, 256)

NO_TRUST_POLICY = "{}"
"""The trust policy of a role that everyone can assume."""

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


class AccessKey(NamedTuple):
    """An access key of a user, as clients are given it."""

    access_key_id: str
    secret_access_key: str


def create_access_key(account: str, region: str) -> AccessKey:
    """Create the user `sandbox` in an account, and return an access key of it."""
    backend = iam_backends[account][get_partition(region)]
    backend.create_user(region, "sandbox")
    key = backend.create_access_key("sandbox")
    return AccessKey(key.access_key_id, key.secret_access_key)


def create_role(account: str, partition: str, name: str, path: str, trust_policy: str) -> str:
    """Create a role and return its ARN; `path` begins and ends with a slash."""
    role = iam_backends[account][partition].create_role(
        role_name=name,
        assume_role_policy_document=trust_policy,
        path=path,
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    return role.arn


def delete_role(arn: str) -> None:
    """Delete the role with this ARN. Raises ReconcileError if there is none."""
    found = _find_role(arn)
    if found is None:
        raise ReconcileError(f"the sandbox has no role {arn!r}")
    backend, role = found
    backend.delete_role(role.name)


def trust_policy_of(arn: str) -> str | None:
    """Return the text of a role's trust policy, None if there is no such role."""
    found = _find_role(arn)
    return found[1].assume_role_policy_document if found else None


def _find_role(arn: str) -> tuple[IAMBackend, Role] | None:
    roles = ((backend, role) for backend in _backends() for role in list(backend.roles.values()))
    return next((one for one in roles if one[1].arn == arn), None)


def unique_ids() -> dict[str, str]:
    """Return the unique id of each role and user that exists now, by ARN."""
    ids: dict[str, str] = {}
    for backend in _backends():
        ids |= {role.arn: role.id for role in list(backend.roles.values())}
        ids |= {user.arn: _user_id(user) for user in list(backend.users.values())}
    return ids


def unique_id_of(arn: str, existing: Mapping[str, str]) -> str | None:
    """Return the unique id of a role or user, or that of a session's role; None if it is unknown.

    `existing` is what `unique_ids` returns.
    """
    session = _SESSION.fullmatch(arn)
    if session is None:
        return existing.get(arn)
    roles = f"arn:{session['partition']}:iam::{session['account']}:role/"
    ids = (
        unique_id
        for role, unique_id in existing.items()
        if role.startswith(roles) and role.rpartition("/")[2] == session["role"]
    )
    return next(ids, None)


def _backends() -> Iterator[IAMBackend]:
    for partitions in list(iam_backends.values()):
        yield from list(partitions.values())


def _user_id(user: User) -> str:
    # moto's ids of users lack the prefix and the upper case; its ids of roles are the service's.
    return f"AIDA{user.id.upper()}"


class RepositoryPlace(NamedTuple):
    """A repository that exists or is to be created: its account, its region and its name."""

    account: str
    region: str
    name: str

    @property
    def partition(self) -> str:
        """The partition of the region: `aws`, `aws-cn`, ..."""
        return get_partition(self.region)

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        return f"arn:{self.partition}:ecr:{self.region}:{self.account}:repository/{self.name}"

    def find(self) -> Repository | None:
        """Return the repository, None if it does not exist."""
        return ecr_backends[self.account][self.region].repositories.get(self.name)


class RepositorySettings(NamedTuple):
    """The settings of a repository, as stored and as ECR spells them (`IMMUTABLE`, `KMS`).

    `kms_key` is an ARN or id, None without KMS; `tags` are pairs of key and value, sorted.
    """

    tag_mutability: str
    scan_on_push: bool
    encryption_type: str
    kms_key: str | None
    tags: tuple[tuple[str, str], ...]


def reset_moto() -> None:
    """Delete everything that moto holds, in all accounts."""
    moto_backends.BackendDict.reset()
    reset_model_data()
    # moto checks names against the pattern of an older model.
    moto_ecr.ECR_REPOSITORY_NAME_PATTERN = NAME_PATTERN


def known_regions() -> list[str]:
    """Return the regions that have ECR in moto, and so in botocore's model."""
    return ecr_backends["111122223333"].regions


def check_region(region: str) -> None:
    """Raise UsageError for a region without ECR."""
    known = known_regions()
    if region not in known:
        meant = closest(region, known)
        hint = f"did you mean {meant}?" if meant else "give one that has ECR, such as us-west-2"
        raise UsageError(f"the sandbox knows no region {quoted(region)}", hint=hint)


def check_name(name: str) -> None:
    """Raise ServiceError if `name` is not a repository name."""
    check_length("repositoryName", len(name), NAME_LENGTHS)
    if not re.fullmatch(NAME_PATTERN, name):
        raise invalid_parameter(
            "repositoryName", f"must satisfy regular expression '{NAME_PATTERN}'"
        )


def create_repository(place: RepositoryPlace) -> Repository:
    """Create a repository with the default settings.

    Raises ReconcileError if the name is invalid or in use.
    """
    try:
        check_name(place.name)
    except ServiceError as error:
        raise ReconcileError(error.message) from error
    if place.find() is not None:
        raise ReconcileError(f"the sandbox already has a repository {place.name!r}")
    return add_repository(place, {})


def add_repository(place: RepositoryPlace, settings: Mapping[str, Json]) -> Repository:
    """Add a repository to moto, of a valid name that is not in use.

    `settings` are those of a repository creation template of botocore's model, or `{}` for the
    default ones. They have no scanning, and their repositoryPolicy is not set here.
    """
    encryption = settings.get("encryptionConfiguration")
    mutability = settings.get("imageTagMutability")
    filters = settings.get("imageTagMutabilityExclusionFilters")
    repository = ecr_backends[place.account][place.region].create_repository(
        repository_name=place.name,
        registry_id=None,
        encryption_config=_strings_by_key(encryption),
        image_scan_config=None,
        image_tag_mutability=mutability if isinstance(mutability, str) else "MUTABLE",
        image_tag_mutability_exclusion_filters=[
            {"filterType": str(each["filterType"]), "filter": str(each["filter"])}
            for each in objects(filters)
        ]
        or None,
        tags=[_strings_by_key(tag) for tag in objects(settings.get("resourceTags"))],
    )
    lifecycle = settings.get("lifecyclePolicy")
    repository.lifecycle_policy = lifecycle if isinstance(lifecycle, str) else None
    correct_uri(repository)
    return repository


def _strings_by_key(value: Json) -> dict[str, str]:
    return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def correct_uri(repository: Repository) -> None:
    """Correct the domain of a repository in China: moto has only the one of other regions."""
    suffix = ".amazonaws.com/"
    if repository.region_name.startswith("cn-"):
        repository.uri = repository.uri.replace(suffix, ".amazonaws.com.cn/", 1)


def read_settings(repository: Repository) -> RepositorySettings:
    """Return the current settings of a repository."""
    scanning: object = repository.image_scanning_configuration
    encryption = repository.encryption_configuration
    backend = ecr_backends[repository.account_id][repository.region_name]
    tags = backend.tagger.get_tag_dict_for_resource(repository.arn)
    return RepositorySettings(
        RepoTagMutability(repository.image_tag_mutability).value,
        isinstance(scanning, dict) and scanning.get("scanOnPush") is True,
        encryption["encryptionType"],
        encryption.get("kmsKey"),
        tuple(sorted(tags.items())),
    )


def push_image(repository: Repository, tag: str = "latest") -> Image:
    """Put a small image into a repository, unless one has this tag already; return it.

    Each tag is another image, of one layer: moto's digests of images are of their layers.
    """
    layer = {"digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "layers": [layer]}
    backend = ecr_backends[repository.account_id][repository.region_name]
    there = next((image for image in repository.images if tag in image.image_tags), None)
    return there or backend.put_image(repository.name, json.dumps(manifest), tag)


def copy_image(image: Image, destination: Repository) -> None:
    """Put a copy of an image into a repository, and move its tags to the copy."""
    others = [each for each in destination.images if each.image_digest != image.image_digest]
    for each in others:
        each.image_tags = [tag for tag in each.image_tags if tag not in image.image_tags]
    destination.images = [*others, copy.deepcopy(image)]
