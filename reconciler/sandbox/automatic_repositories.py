"""The repositories that ECR creates by itself: at a push, and at a replication.

Evidenced: a push to a repository that does not exist creates it by a template for CREATE_ON_PUSH,
and only by one; the caller needs no access to the new repository, which stays when the push is
denied (aws/containers-roadmap#853). A replication creates a repository also without a template,
then with the default settings and without a policy ("Templates to control repositories created
during a pull through cache or replication action", Amazon ECR User Guide). Tags or KMS need a
customRoleArn (the same guide), and without one, no repository is created
(aws/containers-roadmap#2398, for tags and a cache rule).

Assumed: InitiateLayerUpload creates the repository, and all calls find it at once; without a
customRoleArn, or at the limit of repositories, a push finds no repository, and a replication does
not happen. Test-only: a replication is done when PutImage returns.

Not simulated: pull through cache rules, which moto does not have; replication to another account,
which a policy there would have to allow; more than one rule of a replication configuration, which
moto refuses.
"""

from collections.abc import Iterator, Mapping

from moto.ecr.models import Image, Repository, ecr_backends

from reconciler.sandbox.creation_templates import (
    CREATE_ON_PUSH,
    REPLICATION,
    CreationTemplates,
)
from reconciler.sandbox.policies import Policies
from reconciler.sandbox.policy_text import Json, objects
from reconciler.sandbox.state import add_repository, copy_image, known_regions


class AutomaticRepositories:
    """Creates repositories as ECR does. Whoever calls a method holds the lock.

    `limit` is the number of repositories of an account and region, 0 for no limit.
    """

    def __init__(self, templates: CreationTemplates, policies: Policies, limit: int) -> None:
        self._templates = templates
        self._policies = policies
        self._limit = limit

    def create_on_push(self, account: str, region: str, name: str) -> Repository | None:
        """Create a repository at the first push to it; return it, None if none is created."""
        template = self._templates.covering(account, region, name, CREATE_ON_PUSH)
        if template is None or name in ecr_backends[account][region].repositories:
            return None
        return self._create(account, region, name, template)

    def replicate(self, source: Repository, image: Image) -> list[Repository]:
        """Replicate an image after it was put; return the repositories that this creates.

        A replicated image is not replicated again ("Private image replication in Amazon ECR",
        Amazon ECR User Guide).
        """
        account, name = source.account_id, source.name
        configuration = ecr_backends[account][source.region_name].replication_config
        created: list[Repository] = []
        for region in _destinations(configuration, account, name):
            destination = ecr_backends[account][region].repositories.get(name)
            if destination is None:
                template = self._templates.covering(account, region, name, REPLICATION) or {}
                destination = self._create(account, region, name, template)
                created += [destination] if destination else []
            if destination is not None:
                copy_image(image, destination)
        return created

    def _create(
        self, account: str, region: str, name: str, template: Mapping[str, Json]
    ) -> Repository | None:
        existing = ecr_backends[account][region].repositories
        if not _has_its_role(template) or (self._limit and len(existing) >= self._limit):
            return None
        repository = add_repository(account, region, name, template)
        if policy := template.get("repositoryPolicy"):
            self._policies.write(repository, str(policy))
        return repository


def _has_its_role(template: Mapping[str, Json]) -> bool:
    """Whether a template has a customRoleArn, or needs none."""
    encryption = template.get("encryptionConfiguration")
    is_aes = not isinstance(encryption, dict) or encryption["encryptionType"] == "AES256"
    return "customRoleArn" in template or (is_aes and not template.get("resourceTags"))


def _destinations(configuration: Mapping[str, Json], account: str, name: str) -> Iterator[str]:
    """Yield the regions of this account that a repository is replicated to.

    `configuration` is a ReplicationConfiguration of botocore's model.
    """
    for rule in objects(configuration["rules"]):
        filters = objects(rule.get("repositoryFilters"))
        if filters and not any(name.startswith(str(each["filter"])) for each in filters):
            continue
        for destination in objects(rule["destinations"]):
            region = str(destination["region"])
            if destination["registryId"] == account and region in known_regions():
                yield region
