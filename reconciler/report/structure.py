"""How a policy's JSON changes, for the curious: it explains a change, and never decides one."""

from collections import Counter
from collections.abc import Iterable, Mapping

from deepdiff import DeepDiff

from reconciler.policy.compiler import minified
from reconciler.printable import printable, unmistakable

_SIGNS = {
    "dictionary_item_added": "+",
    "iterable_item_added": "+",
    "dictionary_item_removed": "-",
    "iterable_item_removed": "-",
}
_LISTS = frozenset({"Action", "NotAction", "Resource"})


def structural_lines(before: object, after: object) -> Iterable[str]:
    """Tell each difference of two policies' JSON in a line, in the order of their places.

    The order of lists, and a list of one against its element, are no differences.
    """
    left, right = _comparable(before), _comparable(after)
    # Even two that have little in common are compared part by part.
    found = DeepDiff(
        left, right, ignore_order=True, view="tree", verbose_level=2, threshold_to_diff_deeper=0
    )
    lines = []
    for kind, levels in found.items():
        for level in levels:
            place = ".".join(unmistakable(str(step)) for step in level.path(output_format="list"))
            sign = _SIGNS.get(kind, "~")
            if sign == "~":
                told = f"{minified(level.t1)} → {minified(level.t2)}"
            else:
                told = minified(level.t2 if sign == "+" else level.t1)
            lines.append((place, f"{sign} {place}: {told}"))
    return (printable(line) for _, line in sorted(lines))


def _comparable(policy: object) -> object:
    """Bring a policy's JSON in a form that is worth comparing: statements by their Sids."""
    if not isinstance(policy, Mapping):
        return {"Statement": {}} if policy is None else {"text": policy}
    statements = policy.get("Statement")
    listed = [_normal(s) for s in (statements if isinstance(statements, list) else [statements])]
    sids = Counter(s.get("Sid") for s in listed if isinstance(s, Mapping))
    by_sid = {
        str(s["Sid"]) if isinstance(s, Mapping) and sids[s.get("Sid")] == 1 and "Sid" in s else n: s
        for n, s in enumerate(listed)
    }
    return {**policy, "Statement": by_sid}


def _normal(statement: object) -> object:
    if not isinstance(statement, Mapping):
        return statement
    return {
        key: _as_list(value) if key in _LISTS else _values_as_lists(value)
        for key, value in statement.items()
    }


def _values_as_lists(value: object) -> object:
    """Write every single value in a Principal or a Condition as a list of one."""
    if not isinstance(value, Mapping):
        return value
    return {
        key: _values_as_lists(item) if isinstance(item, Mapping) else _as_list(item)
        for key, item in value.items()
    }


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
