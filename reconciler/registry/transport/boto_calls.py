"""The calls of a registry, made by boto3."""

from collections.abc import Mapping
from functools import partial

import botocore.session
from botocore.client import BaseClient

from reconciler.registry.http.connections import within
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.settings.credentials import usable_credentials
from reconciler.registry.tasks import in_thread

_THREADS = 16
"""Calls at once, each in a thread: more of them only wait for each other."""

_WRITES = 4
"""Reads with the write that follows, at once: with more of them, more time lies in between."""


class BotoCalls:
    """Makes the calls with a boto3 client, each in a thread of its own."""

    at_once = _THREADS
    writes_at_once = _WRITES

    def __init__(
        self, client: BaseClient, session: botocore.session.Session, timeouts: Timeouts
    ) -> None:
        self.client, self._session = client, session
        self._methods = {api: name for name, api in client.meta.method_to_api_mapping.items()}
        self._seconds, self._address = timeouts.response, client.meta.endpoint_url

    async def prepare(self) -> None:
        """Find credentials, since each thread would look for them. Raises CallError."""
        await in_thread(partial(usable_credentials, self._session))

    async def call(self, operation: str, **parameters: object) -> Mapping[str, object]:
        """Make a call and return the response. Raises what boto3 does."""
        method = getattr(self.client, self._methods[operation])
        return await within(self._seconds, partial(method, **parameters), self._address)
