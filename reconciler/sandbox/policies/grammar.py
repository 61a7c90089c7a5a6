"""The policy texts that SetRepositoryPolicy and PutRegistryPolicy accept, as JSON schemas.

Sources: "Grammar of the IAM JSON policy language" and "AWS JSON policy elements: Principal" (IAM
User Guide), and public reports. Assumed, for want of evidence: NotPrincipal, NotAction and any
well-formed action are accepted; unknown elements, unknown condition operators, duplicate keys and
principals of another partition are refused.
"""

from typing import NamedTuple

from jsonschema import Draft202012Validator, ValidationError

from reconciler.sandbox.json_values import Json, JsonObject, parse_json
from reconciler.sandbox.policies.text import aws_principals


def _string_or_list(pattern: str) -> JsonObject:
    string: JsonObject = {"type": "string", "pattern": rf"^(?:{pattern})\Z"}
    return {"anyOf": [string, {"type": "array", "minItems": 1, "items": string}]}


def _exactly_one(first: str, second: str) -> JsonObject:
    return {"oneOf": [{"required": [first]}, {"required": [second]}]}


_ARN = (
    r"arn:aws(?:-[a-z]+)*:(?:"
    r"iam::[0-9]{12}:root"
    r"|iam::[0-9]{12}:(?:role|user)/(?:[!-)+->@-~]+/)?[A-Za-z0-9_+=,.@-]{1,64}"
    r"|sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]{1,64}/[A-Za-z0-9_+=,.@-]{2,64})"
)
_OPERATOR = (
    r"(?i)^(?:(?:ForAnyValue:|ForAllValues:)?"
    r"(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)"
    r"|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Arn(?:Not)?(?:Equals|Like)"
    r"|(?:Not)?IpAddress|Bool|BinaryEquals)(?:IfExists)?"
    r"|Null)\Z"
)
_ACTION = _string_or_list(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_PRINCIPAL: JsonObject = {
    "anyOf": [
        {"const": "*"},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                "AWS": _string_or_list(rf"\*|[0-9]{{12}}|{_ARN}"),
                "Service": _string_or_list(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"),
            },
        },
    ]
}
_SCALAR: Json = {"type": ["string", "number", "boolean"]}
_CONDITION: JsonObject = {
    "type": "object",
    "propertyNames": {"pattern": _OPERATOR},
    "additionalProperties": {
        "type": "object",
        "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
    },
}
# Any text, also one that is no ARN (aws/containers-roadmap#2675).
_RESOURCE = _string_or_list(r"[\s\S]+")
# Of scope V1, and `ecr:*`, which the same page says is possible ("Private registry permissions in
# Amazon ECR", Amazon ECR User Guide).
_V1_ACTION = _string_or_list(
    r"(?i:ecr:(?:\*|ReplicateImage|BatchImportUpstreamImage|CreateRepository))"
)


class Grammar(NamedTuple):
    """The policies of a subject, `repository` or `registry`, as a JSON schema."""

    subject: str
    schema: Draft202012Validator


def _grammar(subject: str, statement: JsonObject, *alternatives: Json) -> Grammar:
    """Return the grammar of policies whose statements also have the elements of `statement`.

    Of each of `alternatives`, a statement has one.
    """
    one_statement: JsonObject = {
        "type": "object",
        "required": ["Effect"],
        "allOf": [_exactly_one("Principal", "NotPrincipal"), *alternatives],
        "additionalProperties": False,
        "properties": {
            "Sid": {"type": "string"},
            "Effect": {"enum": ["Allow", "Deny"]},
            "Principal": _PRINCIPAL,
            "NotPrincipal": _PRINCIPAL,
            "Condition": _CONDITION,
            **statement,
        },
    }
    document: JsonObject = {
        "type": "object",
        "required": ["Statement"],
        "additionalProperties": False,
        "properties": {
            "Version": {"enum": ["2008-10-17", "2012-10-17"]},
            "Id": {"type": "string"},
            "Statement": {
                "if": {"type": "array"},
                "then": {"minItems": 1, "items": one_statement},
                "else": one_statement,
            },
        },
    }
    return Grammar(subject, Draft202012Validator(document))


_ACTIONS: JsonObject = {"Action": _ACTION, "NotAction": _ACTION}
_RESOURCES: JsonObject = {"Resource": _RESOURCE, "NotResource": _RESOURCE}
_ONE_ACTION = _exactly_one("Action", "NotAction")
_ONE_RESOURCE = _exactly_one("Resource", "NotResource")

# A repository's has no Resource (awsdocs/amazon-ecr-user-guide#20).
REPOSITORY = _grammar("repository", _ACTIONS, _ONE_ACTION)
REGISTRY_V1 = _grammar(
    "registry", {"Action": _V1_ACTION, **_RESOURCES}, {"required": ["Action"]}, _ONE_RESOURCE
)
REGISTRY_V2 = _grammar("registry", _ACTIONS | _RESOURCES, _ONE_ACTION, _ONE_RESOURCE)


def check_policy(text: str, partition: str, grammar: Grammar) -> tuple[str, ...]:
    """Check a policy text and return the ARNs of the roles, users and sessions that it names.

    `partition` is that of the repository's region (`aws`, `aws-cn`, ...). Raises ValueError if
    the service refuses the text, which it does with one message for all reasons. The length is
    not checked here.
    """
    try:
        grammar.schema.validate(parse_json(text))
    except (RecursionError, ValidationError) as error:
        raise ValueError("not a policy") from error
    arns = [name for name in aws_principals(text) if name.startswith("arn:")]
    if not all(arn.startswith(f"arn:{partition}:") for arn in arns):
        raise ValueError("a principal of another partition")
    return tuple(arn for arn in arns if not arn.endswith(":root"))
