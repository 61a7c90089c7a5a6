"""What the embedded ECR does as the service does; one switch for each behaviour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the embedded ECR behaves; the defaults are the service on a good day.

    Each switch is *evidenced* (a document or a public report shows it), *assumed*, or *ours
    alone*: made for tests, with nothing of the service behind it.

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

    `repository_limit`: so many repositories, in an account and region, and CreateRepository
    answers LimitExceededException; 0 for none. The error is evidenced ("CreateRepository", Amazon
    ECR API Reference), its words are assumed, and so is that a name which is taken comes first.

    `visible_after`: a repository made by a call is not found by the first so many calls that name
    it (Get-, Set- and DeleteRepositoryPolicy, DescribeRepositories by name), and not listed until
    then. That this happens is evidenced for DescribeRepositories
    (hashicorp/terraform-provider-aws#3849), assumed for the others; counting calls is ours alone.

    `meddle_after_reads`: after so many answers to GetRepositoryPolicy for a repository, somebody
    else adds a statement to its policy, at once and once; 0 for never. Other writers are evidenced
    (`image_retrieval`); when they come is ours alone.

    `throttle_rate`, `throttle_burst`: calls a second that each account may make in the long run,
    0 for any number, and how many of them at once. ThrottlingException 'Rate exceeded' is
    evidenced (concourse/docker-image-resource#115), and a bucket of calls that refills is for
    GetAuthorizationToken ("Troubleshooting Amazon ECR error messages", Amazon ECR User Guide);
    one bucket for all operations and regions is ours alone, and the rates are not published.

    `expire_after`: after so many ECR calls the credentials have expired, in ECR and STS, until
    `Sandbox.renew_credentials`, after which they last; 0 for never. The answers are evidenced: HTTP
    403 for STS (aws/aws-sdk-java-v2#1649), 400 for ECS, whose protocol is ECR's
    (aws-samples/cdk-fargate-gitlab-runner#15), and so assumed for ECR. Counting calls is ours.

    `dead_region`: the connection of every call to this region ends without an answer, STS's too.
    Ours alone.

    `disabled_region`: this region is not enabled for the account, and knows no credentials, in ECR
    and STS. The two codes are evidenced (aws/chalice#1445, segmentio/aws-okta#225); that ECR
    answers with HTTP 400 is assumed.

    The rest befalls each n-th ECR call, 0 for none. That it happens to anybody who calls a service
    over a network is general knowledge; when it happens is ours alone.

    `cut_before_every`, `cut_after_every`: the connection ends without an answer, before the work
    or with the work done.

    `fail_every`, `fail_after_every`: ServerException, HTTP 500, before the work or with the work
    done. The error is evidenced (shape ServerException of botocore's model, and the calls' own
    pages in the Amazon ECR API Reference), its words are assumed.

    `slow_every`, `slow_seconds`: the answer comes so late, in seconds; the work is done at once.

    Calls are counted in the order of arrival, whatever becomes of them. Several switches may be
    on; a call passes them in this order and ends at the first that holds it: dead region, latency
    (delays), disabled region, expired, throttled, cut before, failed, the work, slow (delays),
    failed after, cut after.
    """

    rewrite: bool = True
    shuffle: bool = True
    seed: int = 0
    known_principals_only: bool = False
    iam_delay: int = 0
    unique_ids: bool = True
    latency: float = 0.0
    page_size: int = 100
    repository_limit: int = 0
    visible_after: int = 0
    meddle_after_reads: int = 0
    throttle_rate: float = 0.0
    throttle_burst: int = 1
    expire_after: int = 0
    dead_region: str = ""
    disabled_region: str = ""
    cut_before_every: int = 0
    cut_after_every: int = 0
    fail_every: int = 0
    fail_after_every: int = 0
    slow_every: int = 0
    slow_seconds: float = 0.0


DEFAULT = Behaviour()
