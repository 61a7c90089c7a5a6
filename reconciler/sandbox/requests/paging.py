"""The pages of a list, as ECR's Describe operations return them."""

import base64
import json
from collections.abc import Mapping
from typing import TypeVar

from reconciler.sandbox.requests.protocol import AwsRequest, invalid_parameter

_Item = TypeVar("_Item")

_SIZES = range(1, 1001)  # botocore's model, shape MaxResults


def page(
    items: Mapping[str, _Item], request: AwsRequest, default_size: int
) -> tuple[list[_Item], dict[str, str]]:
    """Return the items of the page that a request asks for, and the token of the next page.

    `items` are by name, and in the order of their names on the pages. The token is `{}` on the last
    page, else `{"nextToken": ...}`. It holds the last name of its page, so that an item that is
    created or deleted meanwhile neither repeats nor hides another. Raises ServiceError if
    maxResults or nextToken is invalid.
    """
    size = request.parameters.get("maxResults", default_size)
    if not isinstance(size, int) or size not in _SIZES:
        raise invalid_parameter("maxResults", "must be between 1 and 1000")
    last = _name_in_token(request.text("nextToken"))
    names = sorted(name for name in items if name > last)
    shown = [items[name] for name in names[:size]]
    if len(names) <= size:
        return shown, {}
    token = base64.b64encode(json.dumps(names[size - 1]).encode()).decode()
    return shown, {"nextToken": token}


def _name_in_token(token: str | None) -> str:
    if token is None:
        return ""
    try:
        name = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        name = None
    if not isinstance(name, str):
        raise invalid_parameter("nextToken", "Invalid token")
    return name
