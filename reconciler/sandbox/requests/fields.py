"""The fields of a request, checked against JSON schemas as botocore's model says.

The wording of the errors is assumed, after those of `protocol.py`.
"""

from collections.abc import Mapping

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from reconciler.sandbox.json_values import Json, JsonObject
from reconciler.sandbox.requests.protocol import invalid_parameter

Schemas = Mapping[str, Draft202012Validator]
"""The schema of each field of a request, by its name."""


def text_schema(most: int, least: int = 0, pattern: str = "") -> JsonObject:
    """Return the schema of a text of so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": pattern}


def structure_schema(required: list[Json], **members: Json) -> JsonObject:
    """Return the schema of an object that has no other members."""
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": members,
    }


def schemas(fields: Mapping[str, JsonObject]) -> Schemas:
    """Return what `check_fields` checks with."""
    return {name: Draft202012Validator(schema) for name, schema in fields.items()}


def check_fields(fields: Mapping[str, Json], checked_by: Schemas) -> None:
    """Raise ServiceError for the first field that its schema refuses, or that is null."""
    for name, value in fields.items():
        if value is None:
            raise invalid_parameter(name, "must not be null")
        if error := best_match(checked_by[name].iter_errors(value)):
            raise invalid_parameter(name, _constraint(error))


def given_fields(parameters: Mapping[str, Json], checked_by: Schemas, *required: str) -> JsonObject:
    """Return the fields of a request that have a schema.

    Raises ServiceError if one of them is invalid or a required one is absent.
    """
    fields = {name: parameters[name] for name in checked_by if name in parameters}
    check_fields(dict.fromkeys(required) | fields, checked_by)
    return fields


def _constraint(error: ValidationError) -> str:
    limit = error.validator_value
    match error.validator:
        case "minLength" | "minItems":
            return f"must have length greater than or equal to {limit}"
        case "maxLength" | "maxItems":
            return f"must have length less than or equal to {limit}"
        case "pattern":
            return f"must satisfy regular expression '{limit}'"
        case "enum":
            return f"must satisfy enum value set: {limit}"
        case _:
            return "must have the structure of the model"
