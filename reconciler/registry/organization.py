"""The accounts of the caller's organization, by AWS Organizations."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol, cast

from reconciler.registry.failures.errors import UnreadableResponseError
from reconciler.registry.failures.kinds import explain, retry_after
from reconciler.registry.pace import Pace
from reconciler.registry.session import (
    Connection,
    answered,
    new_client,
    text_field,
)
from reconciler.registry.tasks import run_alone


class _Organizations(Protocol):
    def list_accounts(self, **parameters: str) -> Mapping[str, object]: ...


def account_names(connection: Connection) -> dict[str, str]:
    """Return the name of each account of the caller's organization, by id.

    Only the management account and delegated administrators may list them (AWS Organizations API
    Reference, ListAccounts). Raises CallError.
    """
    client = cast("_Organizations", new_client(connection, "organizations"))
    names: dict[str, str] = {}
    tokens: list[str] = []
    while True:
        page, token = _page(client, tokens, connection.region)
        names |= page
        if token is None:
            return names
        tokens.append(token)


def _page(
    client: _Organizations, tokens: Sequence[str], region: str
) -> tuple[dict[str, str], str | None]:
    """Return the page that the last of the tokens leads to, and the next token.

    A page whose token was there before ends the listing as an error: the pages would never end.
    """

    def ask() -> tuple[dict[str, str], str | None]:
        response = client.list_accounts(**({"NextToken": tokens[-1]} if tokens else {}))
        accounts = response.get("Accounts")
        if not isinstance(accounts, list):
            raise UnreadableResponseError("the response has no Accounts")
        following = response.get("NextToken")
        if following in tokens:
            raise UnreadableResponseError("its pages do not end")
        names = {text_field(one, "Id"): text_field(one, "Name") for one in accounts}
        return names, following if isinstance(following, str) else None

    try:
        return run_alone(Pace().paced(partial(answered, ask), retry_after))
    except Exception as error:
        raise explain(error, "ListAccounts", region=region) from error
