"""The prefixes of repository names that creation templates and pull through cache rules are for.

Evidenced: a prefix ends with an assumed slash, and ROOT is for repositories that have no other one
("CreateRepositoryCreationTemplate", Amazon ECR API Reference; "Customizing repository prefixes for
ECR to ECR pull through cache", Amazon ECR User Guide). Assumed: of several, the longest applies;
`prod/` and `prod` are the same.
"""

from collections.abc import Iterable

from reconciler.sandbox.state import NAME_PATTERN

ROOT = "ROOT"
PATTERN = rf"^(?:{NAME_PATTERN}/?|ROOT)\Z"
"""Of botocore's model, shapes Prefix and PullThroughCacheRuleRepositoryPrefix."""


def key(prefix: str) -> str:
    """Return a prefix without the slash at its end, which is assumed there in any case."""
    return prefix.removesuffix("/")


def longest(keys: Iterable[str], name: str) -> str | None:
    """Return the prefix that applies to a repository, None if none does."""
    found = [each for each in keys if each == ROOT or name.startswith(f"{each}/")]
    return max(found, key=lambda each: (each != ROOT, len(each)), default=None)
