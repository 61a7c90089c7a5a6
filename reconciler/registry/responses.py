"""Checked fields of AWS's responses."""

from collections.abc import Mapping

from reconciler.model.registry import LiveSettings


class UnreadableResponseError(Exception):
    """A response without a field that it always has: a proxy's page, say."""


def text_field(response: Mapping[str, object], name: str) -> str:
    """Return a field that a response always has. Raises UnreadableResponseError.

    botocore takes any page with status 200 for an empty response, a captive portal's too.
    """
    value = response.get(name)
    if not isinstance(value, str):
        raise UnreadableResponseError(f"the response has no {name}")
    return value


def _list_field(response: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    value = response.get(name)
    if not isinstance(value, list):
        raise UnreadableResponseError(f"the response has no {name}")
    return value


def repository_names(response: Mapping[str, object]) -> list[str]:
    """Return the names on a page of DescribeRepositories. Raises UnreadableResponseError."""
    repositories = _list_field(response, "repositories")
    return [text_field(repository, "repositoryName") for repository in repositories]


def repository_settings(response: Mapping[str, object]) -> LiveSettings:
    """Return the settings of the one repository of DescribeRepositories.

    Raises UnreadableResponseError.
    """
    repositories = _list_field(response, "repositories")
    if len(repositories) != 1:
        raise UnreadableResponseError("the response does not have one repository")
    scan_on_push = _object_field(repositories[0], "imageScanningConfiguration").get("scanOnPush")
    if not isinstance(scan_on_push, bool):
        raise UnreadableResponseError("the response has no scanOnPush")
    encryption = _object_field(repositories[0], "encryptionConfiguration")
    return LiveSettings(
        text_field(repositories[0], "imageTagMutability"),
        scan_on_push,
        text_field(encryption, "encryptionType"),
    )


def _object_field(response: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = response.get(name)
    return value if isinstance(value, dict) else {}


def has_images(response: Mapping[str, object]) -> bool:
    """Return whether ListImages found any image. Raises UnreadableResponseError."""
    return bool(_list_field(response, "imageIds")) or "nextToken" in response


def next_token(response: Mapping[str, object], token: str | None) -> str | None:
    """Return the token of the page after the one that `token` led to; None after the last.

    Raises UnreadableResponseError.
    """
    if "nextToken" not in response:
        return None
    following = text_field(response, "nextToken")
    if following == token:
        raise UnreadableResponseError("the next page is the same page")
    return following
