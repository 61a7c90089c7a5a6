"""moto's repositories: found, and made as the service makes them."""

from moto.ecr.models import Repository, ecr_backends

from reconciler.errors import ReconcileError
from reconciler.sandbox.calls import ServiceError, check_name


def find_repository(account: str, region: str, name: str) -> Repository | None:
    """Return a repository, None where there is none of this name."""
    return ecr_backends[account][region].repositories.get(name)


def existing_repository(account: str, region: str, name: str) -> Repository:
    """Return a repository; raises ReconcileError where there is none of this name."""
    repository = find_repository(account, region, name)
    if repository is None:
        raise ReconcileError(f"the sandbox has no repository {name!r}")
    return repository


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
