"""JSON read strictly: an ambiguous or malformed document is an error with its place."""

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

JsonPath = tuple[str | int, ...]


class MalformedError(ValueError):
    """A policy document, or a part of it, is not understood; `path` leads to the place."""

    def __init__(self, reason: str, path: JsonPath = ()) -> None:
        super().__init__(f"{json_place(path)}: {reason}")
        self.reason = reason
        self.path = path

    def under(self, *steps: str | int) -> "MalformedError":
        """Return the same error with a path that begins with these steps.

        A reader of a part knows only its own path, so that reading a valid document builds none.
        """
        return MalformedError(self.reason, (*steps, *self.path))


def json_place(path: JsonPath) -> str:
    """Return a place in a JSON document, such as `$.Statement[0].Condition`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "$" + "".join(steps)


def load_json(text: str) -> object:
    """Read JSON strictly. Raises MalformedError, also for a duplicate key in an object."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=Decimal,
        )
    except RecursionError:
        raise MalformedError("nested too deeply") from None
    except MalformedError:
        raise
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error}") from None
    except (InvalidOperation, ValueError):  # Python limits the digits of an integer
        raise MalformedError("a number has too many digits") from None


def minified(value: object) -> str:
    """Return JSON in the fewest characters; the order of keys is kept."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("duplicate key in an object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not a JSON value")
