"""Reports violations of the schema, each mistake as one problem with a hint.

This module reports keys; `checks.values` reports values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.access_file.checks.values import NAME_HINT, check_value, form_hint, strings
from reconciler.access_file.document.nodes import Node, texts_of
from reconciler.access_file.document.problems import Place, ProblemList, quote, quote_all
from reconciler.access_file.document.schema import Violation, violations
from reconciler.closest import suggestion
from reconciler.model.rules import RuleId
from reconciler.policy import partition_of_region

_MIN_PREFIX = 3
_OPPOSITES = {
    "Action": "NotAction",
    "NotAction": "Action",
    "Principal": "NotPrincipal",
    "NotPrincipal": "Principal",
}
"""Elements of which a statement has one or the other."""

_RESOURCE = frozenset({"Resource", "NotResource"})
_NOT_A_PRINCIPAL = frozenset({"sid", "as_is", "when", "accounts", "paths"})


def check_shape(root: Node, problems: ProblemList) -> tuple[Violation, ...]:
    """Report how a tree violates the schema; returns all violations.

    A violation that only follows from another one is not reported: the missing key that a misspelt
    one was meant as, or the misspelt key that does not fit another one.
    """
    found = tuple(violations(root))
    keys = _KeyCheck(problems)
    for violation in found:
        if violation.keyword == "additionalProperties":
            keys.report_unknown(violation)
    for violation in found:
        if violation.of_key:
            keys.report_bad_key(violation)
    for keyword, report in (
        ("required", keys.report_missing),
        ("dependentRequired", keys.report_companion),
        ("not", keys.report_no_principal),
    ):
        for violation in found:
            if violation.keyword == keyword and not violation.of_key:
                report(violation)
    for violation in found:
        if not violation.about_keys:
            check_value(violation, problems)
    _use_partition(root, problems)
    return found


def _use_partition(root: Node, problems: ProblemList) -> None:
    """Write ARNs in hints, which are examples of the schema, in the registry's partition."""
    regions = texts_of(root, "registry", "regions")
    own = f"arn:{partition_of_region(regions[0].text)}:" if regions else "arn:aws:"
    problems.found = {
        problem._replace(hint=problem.hint and problem.hint.replace("arn:aws:", own)): None
        for problem in problems.found
    }


@dataclass(slots=True)
class _KeyCheck:
    """Reports keys that violate the schema, and keeps what is reported so that it is not repeated.

    `misspelt` has unknown keys and the known keys that they resemble, each with the place of its
    mapping; `foreign` the mappings without any known key; `clashing` the places of keys that
    another one excludes; `alone` the mappings in which a key lacks its companion.
    """

    problems: ProblemList
    misspelt: set[tuple[Place, str]] = field(default_factory=set)
    foreign: set[Place] = field(default_factory=set)
    clashing: set[Place] = field(default_factory=set)
    alone: set[Place] = field(default_factory=set)

    def report_unknown(self, violation: Violation) -> None:
        """Report keys that the schema does not know."""
        mapping = violation.node.place
        foreign: list[str] = []
        for key in _keys(violation):
            if key in violation.keys:
                continue
            place = violation.key_place(key)
            if key in _RESOURCE and "Effect" in violation.keys:
                message = f"{key} is not allowed in a repository policy"
                hint = "remove it: the policy applies to its own repository"
                self.problems.error(RuleId.RESOURCE_IN_STATEMENT, message, place, hint=hint)
                continue
            choices = _possible_keys(violation)
            similar = self.problems.closest(key, choices) or _completed(key, choices)
            self.misspelt.update({(mapping, key), (mapping, similar or key)})
            if similar:
                hint = suggestion(similar)
                message = f"unknown key {quote(key)}"
                self.problems.error(RuleId.UNKNOWN_KEY, message, place, hint=hint)
            else:
                foreign.append(key)
        if foreign:
            self._report_foreign(violation, foreign)

    def _report_foreign(self, violation: Violation, foreign: list[str]) -> None:
        """Report keys that resemble no known one: as one mistake if the mapping has no other."""
        known = f"the keys here are {', '.join(violation.keys)}"
        if len(foreign) < len(_keys(violation)):
            for key in foreign:
                message, place = f"unknown key {quote(key)}", violation.key_place(key)
                self.problems.error(RuleId.UNKNOWN_KEY, message, place, hint=known)
            return
        self.foreign.add(violation.node.place)
        form = form_hint(violation, ("object",))
        message = f"unknown {'key' if len(foreign) == 1 else 'keys'} {quote_all(foreign)}"
        place = violation.key_place(foreign[0])
        hint = f"{form}; {known}" if form else known
        self.problems.error(RuleId.UNKNOWN_KEY, message, place, hint=hint)

    def report_bad_key(self, violation: Violation) -> None:
        """Report a key that is not a valid name, or that another key excludes."""
        key = str(violation.value)
        if "dependentSchemas" not in violation.steps:
            message = f"{quote(key)} is not a valid name"
            place = violation.key_place(key)
            self.problems.error(RuleId.BAD_NAME, message, place, hint=NAME_HINT)
            return
        other_key = str(violation.steps[violation.steps.index("dependentSchemas") + 1])
        # Two keys may exclude each other, and a third one: the later one is reported, once.
        first, second = sorted((key, other_key), key=violation.key_place)
        place, other = violation.key_place(second), violation.key_place(first)
        if (violation.node.place, key) in self.misspelt or place in self.clashing:
            return
        self.clashing.add(place)
        message = f"{quote(second)} cannot be combined with {quote(first)}"
        hint = "remove one of them"
        self.problems.error(RuleId.CLASHING_KEYS, message, place, hint=hint, other=other)

    def report_missing(self, violation: Violation) -> None:
        """Report required keys that are missing."""
        for key in strings(violation.expected):
            if key not in _keys(violation) and self._lacks(violation.node, key):
                message = f"missing key {quote(key)}"
                hint = _example_of(key, violation)
                self.problems.error(RuleId.MISSING_KEY, message, violation.place, hint=hint)

    def report_companion(self, violation: Violation) -> None:
        """Report keys that are valid only with another one, which is missing."""
        rules = violation.expected if isinstance(violation.expected, Mapping) else {}
        present = _keys(violation)
        for key in present:
            place = violation.key_place(key)
            for needed in strings(rules.get(key)):
                reported = place in self.clashing or not self._lacks(violation.node, needed)
                if needed in present or reported:
                    continue
                self.alone.add(violation.node.place)
                message = f"{quote(key)} requires {quote(needed)}"
                hint = _example_of(needed, violation)
                self.problems.error(RuleId.MISSING_KEY, message, place, hint=hint)

    def report_no_principal(self, violation: Violation) -> None:
        """Report a mapping without the key that names a principal."""
        if violation.node.place not in self.alone:
            kinds = (
                key
                for key in violation.keys
                if key not in _NOT_A_PRINCIPAL and not key.startswith("source_")
            )
            hint = f"add one of {', '.join(kinds)}"
            message = "missing key: no principal is given"
            self.problems.error(RuleId.MISSING_KEY, message, violation.place, hint=hint)

    def _lacks(self, node: Node, key: str) -> bool:
        """Whether a mapping lacks a key, and not because of a reported problem."""
        return node.place not in self.foreign and (node.place, key) not in self.misspelt


def _keys(violation: Violation) -> Mapping[str, object]:
    return violation.value if isinstance(violation.value, dict) else {}


def _possible_keys(violation: Violation) -> list[str]:
    """Return the known keys that the mapping does not have and that fit those that it has."""
    present = _keys(violation)
    kinds = violation.schema.get("dependentSchemas")
    excluded = {_OPPOSITES.get(key, key) for key in present}.union(present)
    for kind, rule in kinds.items() if isinstance(kinds, Mapping) else ():
        only = frozenset(strings(rule["propertyNames"]["enum"]))
        if kind in present:
            excluded.update(key for key in violation.keys if key not in only)
        elif not only.issuperset(key for key in present if key in violation.keys):
            excluded.add(kind)
    return [key for key in violation.keys if key not in excluded]


def _completed(key: str, known: Sequence[str]) -> str | None:
    """Return the one known key that begins with a shortened one."""
    found = [one for one in known if len(key) >= _MIN_PREFIX and one.startswith(key)]
    return found[0] if len(found) == 1 else None


def _example_of(key: str, violation: Violation) -> str | None:
    known = violation.schema.get("properties")
    part = known.get(key) if isinstance(known, Mapping) else None
    examples = part.get("examples") if isinstance(part, Mapping) else None
    return f"for example {key}: {json.dumps(examples[0])}" if examples else None
