"""JSON read strictly: what two readers could understand in two ways is refused."""

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from reconciler.policy.malformed import MalformedError


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
