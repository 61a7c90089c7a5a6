"""Whether two texts of a policy that is not understood are the same but for the order."""

import json

from reconciler.policy.json_text import load_json
from reconciler.policy.malformed import MalformedError


def is_reshuffled(left: str, right: str) -> bool:
    """Tell whether two texts are the same JSON but for the order of keys and lists.

    A list of one is its only element, as the service gives it back. Says nothing of meaning: it
    serves to know a document again, no more. What is no JSON, or has one key twice, must be the
    same text.
    """
    if left == right:
        return True
    try:
        return _ordered(load_json(left)) == _ordered(load_json(right))
    except (MalformedError, RecursionError):
        return False


def _ordered(value: object) -> str:
    """Write a JSON value in one order."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_ordered(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        items = sorted(map(_ordered, value))
        return items[0] if len(items) == 1 else "[" + ",".join(items) + "]"
    return json.dumps(value, default=str)
