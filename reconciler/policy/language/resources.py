"""The `Resource` of a registry policy's statements: which repositories a statement is about.

Sources: IAM User Guide, "IAM JSON policy elements: Resource" and "NotResource" (wildcards, and
incomplete ARNs), "IAM policy elements: Variables and tags" (`${…}` in a Resource); Amazon ECR User
Guide, "Private registry policy examples in Amazon ECR" (the ARN of repositories).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.language.glob import glob_matches, globs_intersect
from reconciler.policy.language.principals import REGION
from reconciler.policy.language.request_context import Answer, any_of, negated
from reconciler.printable import some_of

EVERYTHING = "*"
_FIELDS = 6  # of an ARN, separated by colons; the last may contain colons itself
_REPOSITORY = "repository/"
# A name begins and ends with a letter or a digit (Amazon ECR API Reference, "CreateRepository").
_NO_NAME = r"[^a-z0-9._/*?-]|\A[._/-]|[._/-]\Z|\A\Z"
_NOT_EMPTY = r"(?<=/)\?\*(?=/|\Z)"
_RUNS = re.compile(r"\*{2,}")
_VARIABLE = r"\$\{[^{}]*\}"
_MOST_SHOWN = 100  # characters of one text in a message


class Resources(NamedTuple):
    """The ARN patterns of a `Resource`; `excluded` where they are those of a `NotResource`.

    With `has_variables`, `${…}` in them is a policy variable, which stands for any text that a
    request may have. Without, it is text.
    """

    patterns: tuple[str, ...]
    excluded: bool = False
    has_variables: bool = False

    def include(self, arn: str) -> Answer:
        """Whether a repository, by its ARN, is among them.

        None where that depends on the request, or is not documented.
        """
        answer = any_of(self._matches(pattern, arn) for pattern in self.patterns)
        return negated(answer) if self.excluded else answer

    def split(self, prefix: "ArnPrefix") -> tuple["Resources", ...]:
        """Return each pattern alone, in the one spelling that it has in a registry.

        Those of a `NotResource` stay together.
        """
        found = sorted({self._spelled(pattern, prefix) for pattern in self.patterns})
        parts = [tuple(found)] if self.excluded else [(pattern,) for pattern in found]
        return tuple(
            Resources(part, self.excluded, self.has_variables and any("${" in p for p in part))
            for part in parts
        )

    @property
    def may_cover(self) -> bool:
        """Whether one part that `split` returns covers another if it matches its `widest`.

        An incomplete ARN, a `*` across fields and a variable are not certain to match: they cover
        only themselves. Of two different parts, at most one covers the other.
        """
        is_certain = not self.excluded and not self.has_variables
        return is_certain and self.patterns[0].count(":") >= _FIELDS - 1

    @property
    def widest(self) -> str | None:
        """The pattern of all that one part may match; None for a `NotResource`."""
        return None if self.excluded else self._widened(self.patterns[0])

    def names(self, prefix: "ArnPrefix", *, certain: bool) -> frozenset[str]:
        """Return patterns of the names (`payments/*`) of all repositories that may be among them.

        With `certain`, the patterns match only repositories that are, whatever the request.
        """
        if self.excluded:
            return frozenset(() if certain else (EVERYTHING,))
        chosen = (p for p in self.patterns if not (certain and self._varies(p)))
        spelled = {_spelled(self._widened(pattern), prefix) for pattern in chosen}
        own = prefix.repositories("")
        found = {one.removeprefix(own) for one in spelled if one.startswith(own)}
        others = (one for one in spelled if not (certain or one.startswith(own)))
        is_open = any(unmatched_reason(one, prefix) is None for one in others)
        return frozenset({*found, EVERYTHING} if is_open else found)

    def unmatched(self, prefix: "ArnPrefix") -> Iterator[tuple[str, str]]:
        """Yield each pattern that can match no repository of a registry, and why.

        The service accepts such patterns (aws/containers-roadmap#2675). One for another region is
        left out beside one that may match: the registries of all regions may have the same text.
        """
        reasons = {p: unmatched_reason(self._widened(p), prefix) for p in self.patterns}
        may_match = None in reasons.values()
        for pattern, why in reasons.items():
            if why and not (may_match and _is_of_other_region(self._widened(pattern), prefix)):
                yield pattern, why

    def _matches(self, pattern: str, arn: str) -> Answer:
        widened = self._widened(pattern)
        answer = _matches(widened, arn)
        return None if answer and widened != pattern else answer

    def _widened(self, pattern: str) -> str:
        return re.sub(_VARIABLE, EVERYTHING, pattern) if self._varies(pattern) else pattern

    def _spelled(self, pattern: str, prefix: "ArnPrefix") -> str:
        return pattern if self._varies(pattern) else _spelled(pattern, prefix)

    def _varies(self, pattern: str) -> bool:
        return self.has_variables and "${" in pattern

    def __str__(self) -> str:
        """Name the repositories for people: `payments/*`, or a shortened ARN as it is written."""
        names = some_of(map(_name, self.patterns))
        return f"all but {names}" if self.excluded else names


class ArnPrefix(NamedTuple):
    """The first fields of the ARN of every repository in one registry and region."""

    partition: str
    region: str
    account: str

    @property
    def every_repository(self) -> str:
        """The pattern of all its repositories."""
        return self.repositories(EVERYTHING)

    def repositories(self, pattern: str) -> str:
        """Return the pattern of the repositories whose names a pattern matches."""
        return f"{self}:{_REPOSITORY}{pattern}"

    def __str__(self) -> str:
        """Write the fields as an ARN has them."""
        return f"arn:{self.partition}:ecr:{self.region}:{self.account}"


def unmatched_reason(pattern: str, prefix: ArnPrefix) -> str | None:
    """Return why an ARN pattern can match no repository of a registry; None where it may."""
    fields = pattern.split(":", _FIELDS - 1)
    if pattern == EVERYTHING or _may_match(fields, prefix):
        return None
    if fields[0] != "arn":
        return "it is not an ARN"
    _, partition, service, region, account, name = _filled(fields)
    reasons = {
        f"its partition is not {prefix.partition}": not glob_matches(partition, prefix.partition),
        f"it lacks the service: write {prefix.every_repository}": REGION.fullmatch(service),
        "its service is not ecr": not glob_matches(service, "ecr"),
        f"its region is not {prefix.region}": not glob_matches(region, prefix.region),
        f"its account is not {prefix.account}": not glob_matches(account, prefix.account),
        f"it names no repository: write {prefix.every_repository}": not globs_intersect(
            name, f"{_REPOSITORY}*"
        ),
    }
    found = (reason for reason, holds in reasons.items() if holds)
    return next(found, "no repository can have this name")


def _spelled(pattern: str, prefix: ArnPrefix) -> str:
    """Return one spelling of a pattern without variables: a run of `*` is one.

    Where the first fields match those of the registry, these are written out; a pattern of all
    names is that of all repositories, and `a/?*` is `a/*`, as no part of a name is empty. Any other
    pattern stays as it is.
    """
    shorter = _RUNS.sub(EVERYTHING, pattern)
    _, fields = _of_prefix(shorter, str(prefix))
    if fields is None or not fields.is_complete:
        return shorter
    if glob_matches(fields.name, f"{_REPOSITORY}*"):
        return prefix.every_repository
    return f"{prefix}:{re.sub(_NOT_EMPTY, EVERYTHING, fields.name)}"


def is_malformed(pattern: str) -> bool:
    """Whether a pattern has the start of a policy variable that does not end."""
    return "${" in re.sub(_VARIABLE, "", pattern)


def shown(text: str) -> str:
    """Return a pattern or a Sid for a message: shortened where it is very long."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _matches(pattern: str, arn: str) -> Answer:
    """Whether an ARN pattern matches an ARN.

    None for a pattern that only matches if its `*` spans fields, or if it is incomplete: IAM fills
    the missing fields with `*`, and whether ECR does so is not documented.
    """
    prefix, _, name = arn.rpartition(":")
    whole, by_fields = _of_prefix(pattern, prefix)
    if by_fields is not None and glob_matches(by_fields.name, name):
        return True if by_fields.is_complete else None
    return None if whole and glob_matches(pattern, arn) else False


class _Fields(NamedTuple):
    """A pattern whose first fields match: the pattern of its last one, and whether it has all."""

    name: str
    is_complete: bool


@lru_cache(maxsize=4_096)
def _of_prefix(pattern: str, prefix: str) -> tuple[bool, _Fields | None]:
    """Return whether a pattern may match an ARN with this prefix as a whole, and its fields."""
    if not pattern.strip(EVERYTHING):
        return False, _Fields(EVERYTHING, is_complete=True)
    fields = pattern.split(":", _FIELDS - 1)
    *first, name = _filled(fields)
    may_span = globs_intersect(pattern, f"{prefix}:*")
    matches = all(map(glob_matches, first, prefix.split(":")))
    return may_span, _Fields(name, len(fields) == _FIELDS) if matches else None


def _may_match(fields: list[str], prefix: ArnPrefix) -> bool:
    """Whether a pattern may match some repository, completed or as a whole."""
    everything = prefix.every_repository
    *_, name = _filled(fields)
    if re.search(_NO_NAME, name.removeprefix(_REPOSITORY)):
        return False
    return globs_intersect(":".join(fields), everything) or all(
        map(globs_intersect, _filled(fields), everything.split(":", _FIELDS - 1))
    )


def _is_of_other_region(pattern: str, prefix: ArnPrefix) -> bool:
    """Whether a pattern that matches nothing here may match in its own region."""
    region = _filled(pattern.split(":", _FIELDS - 1))[3]
    return unmatched_reason(pattern, prefix._replace(region=region)) is None


def _filled(fields: list[str]) -> list[str]:
    return [*fields, *[EVERYTHING] * (_FIELDS - len(fields))]


def _name(pattern: str) -> str:
    """Return the pattern of the name, of an ARN in full; else the ARN. Shortened."""
    fields = pattern.split(":", _FIELDS - 1)
    is_plain = len(fields) == _FIELDS and fields[-1].startswith(_REPOSITORY)
    return shown(fields[-1].removeprefix(_REPOSITORY) if is_plain else pattern)
