"""The accounts of the caller's organization, by AWS Organizations."""

from collections.abc import Mapping
from typing import Protocol, cast

from reconciler.registry.boto_errors import explain, retry_after
from reconciler.registry.pace import Pace
from reconciler.registry.session import Connection, UnreadableResponseError, new_client, text_field


class _Organizations(Protocol):
    def list_accounts(self, **parameters: str) -> Mapping[str, object]: ...


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
        raise explain(error, "ListAccounts", region=region) from error
