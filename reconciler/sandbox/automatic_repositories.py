"""The repositories that ECR creates by itself: at a push, a replication, or a pull through cache.

Evidenced: a push to a repository that does not exist creates it by a template for CREATE_ON_PUSH,
and only by one; the caller needs no access to the new repository, which stays when the push is
denied (aws/containers-roadmap#853). A replication or a pull through a cache rule creates a
repository also without a template, then with the default settings and without a policy ("Templates
to control repositories created during a pull through cache or replication action", Amazon ECR User
Guide). Tags or KMS need a customRoleArn (the same guide), and without one, no repository is created
(aws/containers-roadmap#2398, for tags and a cache rule).

A replication to another account needs the permission of its registry's policy: ReplicateImage, and
CreateRepository where the repository is missing; without it, nothing arrives ("Granting registry
permissions for cross account replication in Amazon ECR", Amazon ECR User Guide). The examples of
the guide grant it to the root of the source account ("Private registry policy examples for Amazon
ECR"); that it must be granted to the whole account is assumed.

A pull begins with BatchGetImage ("BatchGetImage", Amazon ECR API Reference). Under a cache rule it
needs BatchImportUpstreamImage, by the policy of the registry or the repository, and where the
repository is missing, CreateRepository, by that of the registry ("IAM permissions required to sync
an upstream registry with an Amazon ECR private registry", Amazon ECR User Guide).

Assumed: InitiateLayerUpload creates the repository, and all calls find it at once; without a
customRoleArn, or at the limit of repositories, a push finds no repository, and a replication or a
pull through cache does not happen; a pull creates the repository before the access to it is
checked, and so may leave it behind. Test-only: a replication is done when PutImage returns; the
upstream of a cache rule has each tag, as a small image, which is imported once and never checked
again.

Not simulated: more than one rule of a replication configuration, which moto refuses; a pull by
digest, and GetDownloadUrlForLayer, which moto does not have.
"""

from collections.abc import Iterable, Iterator, Mapping

from moto.ecr.models import Image, Repository, ecr_backends

from reconciler.sandbox.authorization import Authorization
from reconciler.sandbox.json_values import Json, objects
from reconciler.sandbox.policies.stored import Policies
from reconciler.sandbox.registry.creation_templates import (
    CREATE_ON_PUSH,
    PULL_THROUGH_CACHE,
    REPLICATION,
    CreationTemplates,
)
from reconciler.sandbox.registry.pull_through_cache import PullThroughCacheRules
from reconciler.sandbox.requests.protocol import AwsRequest
from reconciler.sandbox.state import (
    RepositoryPlace,
    add_repository,
    copy_image,
    known_regions,
    push_image,
)


class AutomaticRepositories:
    """Creates repositories as ECR does. Whoever calls a method holds the lock.

    `limit` is the number of repositories of an account and region, 0 for no limit.
    """

    def __init__(
        self,
        templates: CreationTemplates,
        rules: PullThroughCacheRules,
        policies: Policies,
        authorization: Authorization,
        limit: int,
    ) -> None:
        self._templates = templates
        self._rules = rules
        self._policies = policies
        self._authorization = authorization
        self._limit = limit

    def create_on_push(self, place: RepositoryPlace) -> list[Repository]:
        """Create a repository at the first push to it; return those that are created."""
        template = self._template(place, CREATE_ON_PUSH)
        return self._create(place, template) if template and place.find() is None else []

    def pull_through_cache(
        self, request: AwsRequest, place: RepositoryPlace, tags: Iterable[str]
    ) -> list[Repository]:
        """Import what a pull lacks, if a rule is for it; return the repositories that are created.

        Raises ServiceError if the caller may not import it.
        """
        if not self._rules.cover(place):
            return []
        existing = place.find()
        has = {tag for image in existing.images for tag in image.image_tags} if existing else set()
        missing = [tag for tag in tags if tag not in has]
        if not missing:
            return []
        self._authorization.check(request, "BatchImportUpstreamImage", place)
        created: list[Repository] = []
        if existing is None:
            self._authorization.check(request, "CreateRepository", place)
            created = self._create(place, self._template(place, PULL_THROUGH_CACHE) or {})
        for repository in [existing] if existing else created:
            for tag in missing:
                push_image(repository, tag)
        return created

    def replicate(self, source: Repository, image: Image) -> list[Repository]:
        """Replicate an image after it was put; return the repositories that this creates.

        A replicated image is not replicated again ("Private image replication in Amazon ECR",
        Amazon ECR User Guide).
        """
        configuration = ecr_backends[source.account_id][source.region_name].replication_config
        created: list[Repository] = []
        for place in _destinations(configuration, source.name):
            if not self._may_replicate(source.account_id, place):
                continue
            if place.find() is None:
                created += self._create(place, self._template(place, REPLICATION) or {})
            if destination := place.find():
                copy_image(image, destination)
        return created

    def _may_replicate(self, source: str, place: RepositoryPlace) -> bool:
        """Whether a registry lets an account replicate to a repository."""
        needed = ["ReplicateImage"] if place.find() else ["ReplicateImage", "CreateRepository"]
        return source == place.account or all(
            self._authorization.lets_account(source, action, place) for action in needed
        )

    def _template(self, place: RepositoryPlace, scenario: str) -> Mapping[str, Json] | None:
        return self._templates.covering(place.account, place.region, place.name, scenario)

    def _create(self, place: RepositoryPlace, template: Mapping[str, Json]) -> list[Repository]:
        """Create a repository by a template, {} for none; return it, [] if that is impossible."""
        existing = ecr_backends[place.account][place.region].repositories
        if not _has_its_role(template) or (self._limit and len(existing) >= self._limit):
            return []
        repository = add_repository(place, template)
        if policy := template.get("repositoryPolicy"):
            self._policies.write(repository, str(policy))
        return [repository]


def _has_its_role(template: Mapping[str, Json]) -> bool:
    """Whether a template has a customRoleArn, or needs none."""
    encryption = template.get("encryptionConfiguration")
    is_aes = not isinstance(encryption, dict) or encryption["encryptionType"] == "AES256"
    return "customRoleArn" in template or (is_aes and not template.get("resourceTags"))


def _destinations(configuration: Mapping[str, Json], name: str) -> Iterator[RepositoryPlace]:
    """Yield where a repository is replicated to.

    `configuration` is a ReplicationConfiguration of botocore's model.
    """
    for rule in objects(configuration["rules"]):
        filters = objects(rule.get("repositoryFilters"))
        if filters and not any(name.startswith(str(each["filter"])) for each in filters):
            continue
        for destination in objects(rule["destinations"]):
            region = str(destination["region"])
            if region in known_regions():
                yield RepositoryPlace(str(destination["registryId"]), region, name)
