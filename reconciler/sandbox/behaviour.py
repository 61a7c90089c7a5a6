"""The behaviours of the embedded ECR, one switch for each."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

PolicyKind: TypeAlias = Literal["repository", "registry", "template"]
"""Whose policy: a repository's, the registry's own, or a creation template's."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the embedded ECR behaves. The defaults are the service without faults.

    Each switch is *evidenced* (a document or a public report shows the behaviour), *assumed*, or
    *test-only* (made for tests, and not based on the service).

    `rewrite`: a read returns other text than was written: pretty-printed, keys in another order,
    a one-element list as a string, an account id as its root ARN. Evidenced
    (crossplane-contrib/provider-aws#700); that condition values are unwrapped too is assumed.

    `shuffle`: lists are in a new random order on each read. Evidenced for principals
    (crossplane-contrib/provider-aws#780, hashicorp/terraform-provider-aws#19365), assumed for
    actions and statements.

    `seed`: the seed of the shuffling. The n-th read of a repository returns the same order for
    the same seed, whatever else is read in between. Test-only.

    `known_principals_only`: a role or user must exist in the sandbox's IAM, or the whole policy
    is refused with 'Principal not found'. Evidenced for SetRepositoryPolicy
    (hashicorp/terraform-provider-aws#39064), assumed for PutRegistryPolicy and for templates; that
    the role of an assumed-role session must exist is assumed. Accounts always exist.

    `iam_delay`: with `known_principals_only`, a role or user that is created while the sandbox
    runs is 'Principal not found' in the first so many calls that write a policy that names it.
    That a new one is refused for a while is evidenced (hashicorp/terraform-provider-aws#39064);
    counting calls instead of time is test-only.

    `unique_ids`: a policy stores its roles and users by unique id, and a deleted one is shown as
    that id (`AROA...`, `AIDA...`) for good: one created again under the same name is another
    principal. Evidenced for resource policies in general ("AWS JSON policy elements: Principal",
    IAM User Guide), assumed for ECR's. That a role's sessions keep their ARNs and that a write
    with such an id is refused is assumed.

    `registry_policy_scope`: the scope of a registry's own policy until PutAccountSetting sets it:
    `V2` allows every action of ECR, `V1` only ReplicateImage, BatchImportUpstreamImage and
    CreateRepository. Evidenced, as is V2 for new registries ("Private registry permissions in
    Amazon ECR", Amazon ECR User Guide), and that V1 refuses a policy with another action
    (hashicorp/terraform-provider-aws#40933) but takes `ecr:*` (the same page of the guide). That V1
    refuses NotAction is assumed. `registry/registry_policy.py` lists what else is evidenced and
    assumed of a registry's policy.

    `latency`: seconds added to each ECR call. Test-only.

    `page_size`: what is on a page of DescribeRepositories, DescribeRepositoryCreationTemplates or
    DescribePullThroughCacheRules when `maxResults` is absent. Evidenced (the pages of these
    operations, Amazon ECR API Reference: up to 100 results).

    `repository_limit`: with so many repositories in an account and region, CreateRepository
    returns LimitExceededException; 0 for no limit. The error is evidenced ("CreateRepository",
    Amazon ECR API Reference), its wording and that a name in use is reported first are assumed.

    `template_limit`: with so many creation templates in an account and region,
    CreateRepositoryCreationTemplate returns LimitExceededException; 0 for no limit. The error is
    evidenced ("CreateRepositoryCreationTemplate", Amazon ECR API Reference), its wording is
    assumed. `registry/creation_templates.py` and `automatic_repositories.py` list what else is
    evidenced and assumed of templates, and of the repositories that ECR creates by them.

    `visible_after`: a repository created by a call is not found by the first so many calls that
    name it (Get-, Set- and DeleteRepositoryPolicy, DescribeRepositories by name), and not listed
    until then. Evidenced for DescribeRepositories (hashicorp/terraform-provider-aws#3849),
    assumed for the others; counting calls is test-only.

    `concurrent_write_after_reads`, `concurrent_write_to`: another writer adds a statement to each
    policy of this kind once, right after so many responses with it; 0 for never. They are those of
    GetRepositoryPolicy, of GetRegistryPolicy, or of DescribeRepositoryCreationTemplates, which is
    a read of each template that it shows. Other writers are evidenced for repositories (Lambda:
    `policies/text.py`); the moment, and the rest, is test-only.

    `throttle_rate`, `throttle_burst`: the calls per second that each account may make in the long
    run, 0 for no limit, and how many of them at once. ThrottlingException 'Rate exceeded' is
    evidenced (concourse/docker-image-resource#115), and a token bucket is for
    GetAuthorizationToken ("Troubleshooting Amazon ECR error messages", Amazon ECR User Guide).
    One bucket for all operations and regions is test-only; the rates are not published.

    `expire_after`: the credentials expire after so many ECR calls, in ECR and STS, until
    `Sandbox.renew_credentials`, which is final; 0 for never. The errors are evidenced: HTTP 403
    for STS (aws/aws-sdk-java-v2#1649), 400 for ECS (aws-samples/cdk-fargate-gitlab-runner#15),
    and so assumed for ECR, whose protocol is the same. Counting calls is test-only.

    `dead_region`: each call to this region, of STS too, ends with a closed connection and no
    response. Test-only.

    `disabled_region`: this region is not enabled for the account and accepts no credentials, in
    ECR and STS. The two error codes are evidenced (aws/chalice#1445, segmentio/aws-okta#225);
    HTTP 400 for ECR is assumed.

    The other switches are faults of each n-th ECR call; 0 for none. That such faults occur in
    calls over a network is general knowledge; their moment is test-only.

    `cut_before_every`, `cut_after_every`: the connection closes without a response, before the
    operation runs or after it.

    `fail_every`, `fail_after_every`: ServerException, HTTP 500, before the operation runs or
    after it. The error is evidenced (shape ServerException of botocore's model, and the pages of
    the operations in the Amazon ECR API Reference), its wording is assumed.

    `slow_every`, `slow_seconds`: the response is delayed by so many seconds after the operation.

    Calls are numbered in the order of arrival, failed ones included. Several switches may be on.
    They are tried in this order, and the first that fails a call ends it: dead region, latency
    (delays), disabled region, expired, throttled, cut before, failed, the operation, slow
    (delays), failed after, cut after.
    """

    rewrite: bool = True
    shuffle: bool = True
    seed: int = 0
    known_principals_only: bool = False
    iam_delay: int = 0
    unique_ids: bool = True
    registry_policy_scope: Literal["V1", "V2"] = "V2"
    latency: float = 0.0
    page_size: int = 100
    repository_limit: int = 0
    template_limit: int = 0
    visible_after: int = 0
    concurrent_write_after_reads: int = 0
    concurrent_write_to: PolicyKind = "repository"
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
