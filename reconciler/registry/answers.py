"""What AWS answered, taken apart: an answer without what it always has is none."""

from collections.abc import Mapping

from reconciler.model.registry import LiveSettings


class UnreadableAnswerError(Exception):
    """An answer without the field that such an answer always has (from a proxy, say)."""


def text_field(answer: Mapping[str, object], name: str) -> str:
    """A field that an answer always has; raises UnreadableAnswerError where it has not.

    botocore takes any page with status 200 for an empty answer, a captive portal's too.
    """
    value = answer.get(name)
    if not isinstance(value, str):
        raise UnreadableAnswerError(f"the answer has no {name}")
    return value


def repository_names(answer: Mapping[str, object]) -> list[str]:
    """The names on a page of DescribeRepositories. Raises UnreadableAnswerError."""
    repositories = answer.get("repositories")
    if not isinstance(repositories, list):
        raise UnreadableAnswerError("the answer has no repositories")
    return [text_field(repository, "repositoryName") for repository in repositories]


def settings_in(repository: Mapping[str, Mapping[str, object]]) -> LiveSettings:
    """How one repository of DescribeRepositories is set up. Raises UnreadableAnswerError."""
    scan_on_push = repository.get("imageScanningConfiguration", {}).get("scanOnPush")
    if not isinstance(scan_on_push, bool):
        raise UnreadableAnswerError("the answer has no scanOnPush")
    return LiveSettings(
        text_field(repository, "imageTagMutability"),
        scan_on_push,
        text_field(repository.get("encryptionConfiguration", {}), "encryptionType"),
    )


def next_token(answer: Mapping[str, object], token: str | None) -> str | None:
    """The token of the page after the one that `token` led to, None where that was the last.

    Raises UnreadableAnswerError.
    """
    if "nextToken" not in answer:
        return None
    following = text_field(answer, "nextToken")
    if following == token:
        raise UnreadableAnswerError("the next page is the same page")
    return following
