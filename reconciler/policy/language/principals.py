"""Principals and services, with one canonical value for each; ARNs and patterns of ARNs.

Sources: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS services that work with
IAM" with the pages that it leads to; the suffixes are those of the partitions in botocore's data.
Services grow, so a name that is missing here is unknown, never wrong.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from reconciler.closest import closest
from reconciler.policy.language.glob import glob_matches, has_wildcard
from reconciler.printable import unmistakable

ACCOUNT_ID = re.compile(r"[0-9]{12}")
ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2}")

_NAME = r"[A-Za-z0-9_+=,.@-]+"
_PATH = r"[!-)+-.0->@-~]*"  # any visible ASCII character but * / and ?
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):"
    r"(?P<type>root|role|user|group|assumed-role|federated-user)"
    rf"(?:/(?P<path>(?:{_PATH}/)*{_NAME}))?"
)
_SEGMENTS = {"root": 0, "assumed-role": 2, "federated-user": 1}
_OF_STS = frozenset({"assumed-role", "federated-user"})
_UNIQUE_ID = r"[A-Z]{4}[A-Z0-9]{6,}"
_DELETED = {
    "AROA": "role",
    "AIDA": "user",
    "AGPA": "group",
    "AIPA": "instance profile",
    "ANPA": "managed policy",
}
_PARTITIONS = {
    "cn": ("aws-cn", "amazonaws.com.cn"),
    "us-gov": ("aws-us-gov", ""),
    "us-iso": ("aws-iso", "c2s.ic.gov"),
    "us-isob": ("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof": ("aws-iso-f", "csp.hci.ic.gov"),
    "eusc": ("aws-eusc", "amazonaws.eu"),
}
"""By the first parts of a region: its partition, and the suffix of the partition's own services.

The common suffix is accepted in all of them: most services have it in China, too (assumed for the
others).
"""
_EVERYWHERE = "amazonaws.com"
_SUFFIXES = {partition: suffix for partition, suffix in _PARTITIONS.values() if suffix}

_NEAR = 0.85
_NAMES = """access-analyzer acm acm-pca airflow airflow-env amplify apigateway appconfig appflow
    application-autoscaling appmesh apprunner appstream appsync aps athena auditmanager autoscaling
    backup batch bedrock bedrock-agentcore billing budgets cassandra ce chatbot cloud9
    cloudformation cloudfront cloudhsm cloudsearch cloudtrail cloudwatch codeartifact codebuild
    codecommit codeconnections codedeploy codeguru-reviewer codepipeline codestar
    codestar-connections codestar-notifications cognito-identity cognito-idp comprehend config
    connect controltower cost-optimization-hub databrew dataexchange datapipeline datasync dax
    delivery.logs detective devops-guru directconnect dlm dms ds dynamodb ec2 ec2fleet ecr
    ecr-public ecs ecs-tasks edgelambda eks eks-fargate eks-fargate-pods eks-nodegroup elasticache
    elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce emr-containers
    emr-serverless es events evidently firehose fis fms forecast freertos fsx gamelift glacier
    globalaccelerator glue grafana greengrass guardduty health iam imagebuilder importexport
    inspector inspector2 iot iotanalytics iotevents iotsitewise ivs kafka kafkaconnect kendra
    kinesis kinesisanalytics kms lakeformation lambda lex lexv2 license-manager lightsail location
    logs macie macie2 managedblockchain mediaconvert medialive mediapackage mediastore mediatailor
    memorydb mgn monitoring mq mwaa neptune network-firewall omics opensearchservice ops.apigateway
    opsworks organizations osis outposts personalize pinpoint pipes polly
    pullthroughcache.ecr quicksight ram rds redshift redshift-serverless rekognition
    replication.ecr replicator.lambda resiliencehub resource-groups robomaker rolesanywhere route53
    route53resolver rum s3 sagemaker scheduler schemas secretsmanager securityhub securitylake
    serverlessrepo servicecatalog servicediscovery servicequotas ses shield signer signin sms sns
    spot spotfleet sqs ssm ssm-incidents sso states storagegateway streams.metrics sts support swf
    synthetics tasks.apprunner build.apprunner textract timestream transcribe transfer translate
    trustedadvisor verifiedpermissions vmie vpc-flow-logs vpc-lattice waf waf-regional wafv2
    wellarchitected worklink workmail workspaces xray"""
KNOWN_SERVICES = frozenset(_NAMES.split())
"""The known services, each without region and suffix."""


class Principal(NamedTuple):
    """Who a statement is about, in canonical form.

    Shape: `kind` is AWS, Service, Federated or CanonicalUser with one name (a root ARN stands
    for an account, `*` for everyone); or NotPrincipal, whose names are all those it excludes,
    each with its kind in front and sorted: it is one indivisible value; or Missing, no names.
    """

    kind: str
    names: tuple[str, ...]


EVERYONE = Principal("AWS", ("*",))
MISSING = Principal("Missing", ())


class IamArn(NamedTuple):
    """The parts of an IAM or STS ARN; `path` is the path and name, without a leading slash."""

    partition: str
    account: str
    resource_type: str
    path: str


class ArnPattern(NamedTuple):
    """The fields of an ARN pattern (IAM User Guide, "IAM identifiers"); `resource` is the rest."""

    scheme: str
    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def is_complete(self) -> bool:
        """Whether no field is empty but the region and the account, the two that may be."""
        return bool(self.partition and self.service and self.resource)


def is_everyone(principal: Principal) -> bool:
    """Whether a principal is everyone, of whatever kind, or a NotPrincipal."""
    return principal.names == ("*",) or principal.kind == "NotPrincipal"


def is_open_ended(principal: Principal) -> bool:
    """Whether a principal stands for many that it does not name, in any account."""
    return principal.kind in ("NotPrincipal", "Missing") or has_wildcard(principal.names[0])


def is_account(principal: Principal) -> bool:
    """Whether a principal is a whole account."""
    arn = arn_of(principal)
    return arn is not None and arn.resource_type == "root"


def account_principal(account: str, partition: str) -> Principal:
    """Return a whole account, as its root ARN: the account's own admins delegate from there."""
    return Principal("AWS", (f"arn:{partition}:iam::{account}:root",))


def service_principal(name: str) -> Principal:
    """Return an AWS service, such as `lambda.amazonaws.com`."""
    return Principal("Service", (name,))


def canonical_name(kind: str, name: str, partition: str) -> str:
    """Return a principal's name in canonical form: a bare account id becomes its root ARN.

    Source: IAM User Guide, "AWS JSON policy elements: Principal".
    """
    if kind == "AWS" and ACCOUNT_ID.fullmatch(name):
        return f"arn:{partition}:iam::{name}:root"
    return name


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> IamArn | None:
    """Parse an IAM or STS ARN; None where the text is not one by grammar.

    A name is of ASCII letters, digits and `_+=,.@-`, a path of any visible ASCII but `*` and `?`,
    which would make it a pattern; a segment of it may be empty. There is none for root,
    ROLE/SESSION for an assumed role, NAME for a federated user, a name at least for all others.
    Sources: IAM User Guide, "IAM and AWS STS quotas"; IAM API Reference, CreateRole.
    """
    match = _ARN.fullmatch(text)
    if match is None or (match["service"] == "sts") != (match["type"] in _OF_STS):
        return None
    path = match["path"] or ""
    segments = path.split("/") if path else []
    if len(segments) != _SEGMENTS.get(match["type"], max(len(segments), 1)):
        return None
    if match["type"] in _OF_STS and not all(segments):
        return None
    return IamArn(match["partition"], match["account"], match["type"], path)


def arn_of(principal: Principal) -> IamArn | None:
    """Return the parsed ARN of an AWS principal; None for all others, everyone among them."""
    return parse_arn(principal.names[0]) if principal.kind == "AWS" else None


def account_of(principal: Principal) -> str | None:
    """Return the account that an AWS principal belongs to; None for all others."""
    arn = arn_of(principal)
    return arn.account if arn else None


def plain_name(principal: Principal) -> str:
    """Return a principal as people read it: an account by its id, `everyone`, else as AWS does."""
    if principal == MISSING:
        return "(no principal)"
    if principal == EVERYONE:
        return "everyone"
    if principal.kind == "NotPrincipal":
        names = (unmistakable(name.split(":", 1)[1]) for name in principal.names)
        return f"everyone except {', '.join(names)}"
    (name,) = principal.names
    if principal.kind == "AWS":
        arn = parse_arn(name)
        return arn.account if arn and arn.resource_type == "root" else unmistakable(name)
    # A service is recognized by its name's form; anything else is shown with its kind.
    return name if re.fullmatch(r"[a-z0-9.-]+", name) else f"{principal.kind} {unmistakable(name)}"


def deleted_kind(principal: Principal) -> str | None:
    """Return what a deleted principal was (`role`, `user`, ...), from its unique id.

    The service shows a deleted principal so (IAM User Guide, "IAM identifiers", for resource
    policies in general; assumed for ECR's). None for a principal that may still exist.
    """
    kind = _DELETED.get(principal.names[0][:4]) if principal.kind == "AWS" else None
    return kind if kind and re.fullmatch(_UNIQUE_ID, principal.names[0]) else None


@lru_cache(maxsize=256)
def partition_of_region(region: str) -> str:
    """Return the partition of a region, from the region's first parts; `aws` for all others."""
    first, *rest = region.split("-")
    of_two = "-".join((first, *rest[:1]))
    return _PARTITIONS.get(of_two, _PARTITIONS.get(first, ("aws", _EVERYWHERE)))[0]


def arn_fields(text: str) -> ArnPattern | None:
    """Split a text at its colons into the six fields of an ARN; None where it is not one."""
    fields = text.split(":", len(ArnPattern._fields) - 1)
    if len(fields) < len(ArnPattern._fields) or not glob_matches(fields[0], "arn"):
        return None
    return ArnPattern(*fields)


def split_arn(text: str) -> ArnPattern | None:
    """Split an ARN, or a pattern of ARNs, as `arn_fields` does.

    None too where a variable (`${...}`) stands before the resource: it may hold colons itself, as
    its default may, and stands for anything.
    """
    arn = arn_fields(text)
    return None if arn is None or any("${" in field for field in arn[:-1]) else arn


def account_of_pattern(pattern: str, operator: str) -> str | None:
    """Return the account of every ARN that a pattern matches; None where it is unknown.

    `operator` is the condition's, without qualifier and IfExists. In StringLike a wildcard crosses
    colons, in ArnLike it does not (IAM User Guide, "IAM JSON policy elements: Condition
    operators"). One that crosses them before the account may match a field behind it: a
    stranger's role may have `:iam::` and our account in its path (IAM API Reference, CreateRole).
    """
    arn = split_arn(pattern)
    if arn is None or not ACCOUNT_ID.fullmatch(arn.account) or _crosses_account(arn, operator):
        return None
    return arn.account


def account_of_source(pattern: str, operator: str) -> str | None:
    """Return the same for `aws:SourceArn`, of a request that a service makes for a resource.

    There, Lambda functions in any region (`arn:aws:lambda:*:ACCOUNT:function:NAME`) are of their
    account even in StringLike: a function's ARN has nothing but a version or an alias behind its
    name, so `ACCOUNT:function:` stands nowhere else in it (Lambda API Reference, GetFunction,
    FunctionName). Several `?` may match it all the same.
    """
    arn = split_arn(pattern)
    is_function = (
        arn is not None
        and not has_wildcard(arn.scheme + arn.partition)
        and arn.service == "lambda"
        and "?" not in arn.region
        and arn.resource.startswith("function:")
    )
    return account_of_pattern(pattern, "ArnLike" if is_function else operator)


def _crosses_account(arn: ArnPattern, operator: str) -> bool:
    """Whether a wildcard before the account may match beyond it."""
    before = arn.scheme + arn.partition + arn.service + arn.region
    return operator == "StringLike" and has_wildcard(before)


def partition_of_service(name: str) -> str | None:
    """Return the one partition that a service principal belongs to; None where it may be any."""
    for partition, suffix in _SUFFIXES.items():
        if name.endswith(f".{suffix}"):
            return partition
    _, region, _ = _parts(name)
    return partition_of_region(region) if region else None


def service_name(principal: str) -> str:
    """Return the service in a service principal: `lambda` of `lambda.amazonaws.com`."""
    return _parts(principal)[0]


def dns_suffix(partition: str) -> str:
    """Return how the host names of a partition's services end, without a leading dot."""
    return _SUFFIXES.get(partition, _EVERYWHERE)


def in_any_partition(name: str) -> str:
    """Return a service principal with the common suffix and without a region."""
    return f"{service_name(name)}.{_EVERYWHERE}"


def known_service(short: str) -> str | None:
    """Return the known service principal for a short or capitalized name; None where unknown."""
    name = short.lower().removesuffix(f".{_EVERYWHERE}")
    return f"{name}.{_EVERYWHERE}" if name in KNOWN_SERVICES else None


@lru_cache(maxsize=1024)
def closest_service(name: str, partition: str) -> str | None:
    """Return the known service principal that a misspelt name is closest to; None where none is."""
    service, region, suffix = _parts(name.lower())
    if suffix:
        near = service if service in KNOWN_SERVICES else _near_service(service)
        middle = f"{region}." if region else ""
        meant = f"{near}.{middle}{suffix}" if near else name
    else:
        service, _, rest = name.lower().partition(".")
        ending = closest(rest, (_EVERYWHERE, dns_suffix(partition)))
        ending = ending or (_EVERYWHERE if rest.startswith("aws") else None)
        meant = f"{service}.{ending}" if ending and service in KNOWN_SERVICES else name
    return meant if meant != name else None


def _parts(name: str) -> tuple[str, str, str]:
    """Split a name into service, region and suffix; without a known suffix, all is the service."""
    for suffix in (*_SUFFIXES.values(), _EVERYWHERE):
        if name.endswith(f".{suffix}"):
            service = name.removesuffix(f".{suffix}")
            head, _, region = service.rpartition(".")
            return (head, region, suffix) if REGION.fullmatch(region) else (service, "", suffix)
    return name, "", ""


def _near_service(service: str) -> str | None:
    same_letters = (s for s in sorted(KNOWN_SERVICES) if sorted(s) == sorted(service))
    near = get_close_matches(service, sorted(KNOWN_SERVICES), n=1, cutoff=_NEAR)
    return next(iter(near), None) or next(same_letters, None)
