from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.server import Sandbox

from .clients import client


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        running.create_repository("payments/api")
        yield running


@pytest.fixture(scope="module")
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made
