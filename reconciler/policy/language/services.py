"""Service principals: the partition of a name, and the known service closest to a misspelt one.

Sources: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS services that work with
IAM" with the pages that it leads to; the suffixes are those of the partitions in botocore's data.
Services grow, so a name that is missing here is unknown, never wrong.
"""

from difflib import get_close_matches
from functools import lru_cache

from reconciler.closest import closest
from reconciler.policy.language.principals import REGION, partition_of_region

_EVERYWHERE = "amazonaws.com"
_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""The suffix of each partition's own names. The common suffix is accepted in all of them: most
services have it in China, too (assumed for the others)."""

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


def partition_of_service(name: str) -> str | None:
    """Return the one partition that a service principal belongs to; None where it may be any."""
    for partition, suffix in _SUFFIXES.items():
        if name.endswith(f".{suffix}"):
            return partition
    _, region, _ = _parts(name)
    return partition_of_region(region) if region else None


def dns_suffix(partition: str) -> str:
    """Return how the host names of a partition's services end, without a leading dot."""
    return _SUFFIXES.get(partition, _EVERYWHERE)


def service_name(principal: str) -> str:
    """Return the service in a service principal: `lambda` of `lambda.amazonaws.com`."""
    return _parts(principal)[0]


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
        ending = closest(rest, (_EVERYWHERE, _SUFFIXES.get(partition, _EVERYWHERE)))
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
