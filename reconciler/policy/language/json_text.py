"""JSON read strictly: an ambiguous or malformed document is an error with its place."""

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

JsonPath = tuple[str | int, ...]


class MalformedError(ValueError):
    """A policy document, or a part of it, is not understood.

    `path` leads to the place in the JSON, as keys and positions.
    """

    def __init__(self, reason: str, path: JsonPath = ()) -> None:
        super().__init__(f"{json_place(path)}: {reason}")
        self.reason = reason
        self.path = path

    def under(self, *steps: str | int) -> "MalformedError":
        """Say the same of a part, seen from the whole: the steps lead to the part.

        Readers of parts know only their own part of the path, so that reading a document that is
        understood builds no paths.
        """
        return MalformedError(self.reason, (*steps, *self.path))


def json_place(path: JsonPath) -> str:
    """Write a place in a JSON document, such as `$.Statement[0].Condition`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "$" + "".join(steps)


def load_json(text: str) -> object:
    """Read JSON strictly. Raises MalformedError, for one key twice in an object too."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except RecursionError:
        raise MalformedError("nested too deeply") from None
    except MalformedError:
        raise
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from None


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("an object has one key twice")
    return found


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python limits the digits
        raise MalformedError("a number has too many digits") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise MalformedError("a number has too many digits") from None


def _no_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is no JSON value")


def minified(value: object) -> str:
    """Write JSON in the fewest characters, keeping the order of keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
