"""What the embedded ECR does as the service does; one switch for each behaviour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the embedded ECR behaves; the defaults are the service on a good day.

    Each switch is *evidenced* (a document or a public report shows it) or *assumed*.

    `rewrite`: a read gives back other text than was written: pretty-printed, keys in another
    order, a one-element list as a string, an account id as its root ARN. Evidenced
    (crossplane-contrib/provider-aws#700); that condition values are unwrapped too is assumed.

    `shuffle`: lists come in a new random order on each read. Evidenced for principals
    (crossplane-contrib/provider-aws#780, hashicorp/terraform-provider-aws#19365), assumed for
    actions and statements.

    `seed`: of the shuffling. The n-th read of a repository gives the same order for the same
    seed, whatever else is read meanwhile. Ours alone.

    `known_principals_only`: a role or user must exist in the sandbox's IAM, or the whole policy
    is refused with 'Principal not found'. Evidenced (hashicorp/terraform-provider-aws#39064);
    that the role of an assumed-role session must exist is assumed. Accounts always exist.

    `iam_delay`: a role or user made while the sandbox runs is 'Principal not found' to the first
    so many calls of SetRepositoryPolicy that name it, with `known_principals_only`. That a new
    one is refused for a while is evidenced (hashicorp/terraform-provider-aws#39064); that the
    while is counted in calls, so that nobody need wait, is ours alone.

    `unique_ids`: a policy holds its roles and users by their unique ids, and who was deleted
    shows as that id (`AROA...`, `AIDA...`), for good: one made again under the old name is
    another. Evidenced for resource policies in general ("AWS JSON policy elements: Principal",
    IAM User Guide), assumed for ECR's. That a role's sessions keep their ARNs and that a write
    which holds such an id is refused is assumed.

    `latency`: seconds added to each ECR call. Ours alone.

    `page_size`: repositories on a page of DescribeRepositories when `maxResults` is absent.
    Evidenced ("DescribeRepositories", Amazon ECR API Reference: up to 100 results).
    """

    rewrite: bool = True
    shuffle: bool = True
    seed: int = 0
    known_principals_only: bool = False
    iam_delay: int = 0
    unique_ids: bool = True
    latency: float = 0.0
    page_size: int = 100


DEFAULT = Behaviour()
