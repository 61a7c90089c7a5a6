"""What an account's surroundings say: the region of the caller's settings, the accounts' names."""

import os
from collections.abc import Mapping
from typing import Protocol, cast

import botocore.session

from reconciler.registry.boto_errors import explain, retry_after
from reconciler.registry.pace import Pace
from reconciler.registry.session import Connection, UnreadableResponseError, new_client, text_field


class _Organizations(Protocol):
    def list_accounts(self, **parameters: str) -> Mapping[str, object]: ...


def default_region(profile: str | None) -> str | None:
    """Return the region of AWS_REGION, or else the one that boto3 uses; None without any.

    Raises CallError for an unknown profile or a broken AWS configuration file.
    """
    try:
        session = botocore.session.Session(profile=profile)
        region: str | None = session.get_config_variable("region")
    except Exception as error:
        raise explain(error, operation="connect", repository=None) from error
    return os.environ.get("AWS_REGION") or region


def account_names(connection: Connection) -> dict[str, str]:
    """Return the name of each account of the caller's organization, by id.

    Only the management account and delegated administrators may list them (AWS Organizations API
    Reference, ListAccounts). Raises CallError.
    """
    client = cast("_Organizations", new_client(connection, "organizations"))
    names: dict[str, str] = {}
    token: str | None = None
    while True:
        page, token = _page(client, token, connection.region)
        names |= page
        if token is None:
            return names


def _page(
    client: _Organizations, token: str | None, region: str
) -> tuple[dict[str, str], str | None]:
    def ask() -> tuple[dict[str, str], str | None]:
        response = client.list_accounts(**({} if token is None else {"NextToken": token}))
        accounts = response.get("Accounts")
        if not isinstance(accounts, list):
            raise UnreadableResponseError("the response has no Accounts")
        following = response.get("NextToken")
        if following is not None and following == token:
            raise UnreadableResponseError("the next page is the same page")
        names = {text_field(one, "Id"): text_field(one, "Name") for one in accounts}
        return names, following if isinstance(following, str) else None

    try:
        return Pace().call(ask, retry_after)
    except Exception as error:
        raise explain(error, operation="ListAccounts", repository=None, region=region) from error
