"""The embedded ECR as a server on loopback, started and stopped.

Importing this raises ReconcileError where moto or its server's needs are not installed.
"""

import os
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from reconciler.errors import ReconcileError, UsageError
from reconciler.sandbox.behaviour import DEFAULT, Behaviour
from reconciler.sandbox.settings import NO_SETTINGS

try:
    from moto.ecr.models import Repository
    from moto.utilities.utils import get_partition

    from reconciler.sandbox import iam
    from reconciler.sandbox.image_retrieval import RETRIEVAL_ACTIONS, with_image_retrieval
    from reconciler.sandbox.listener import Serving
    from reconciler.sandbox.prepare import check_region, empty_moto, new_keys
    from reconciler.sandbox.repositories import (
        StoredSettings,
        existing_repository,
        make_repository,
        push_image,
        settings_of,
    )
    from reconciler.sandbox.throttle import Clock
    from reconciler.sandbox.wsgi import EmbeddedEcr, Hook
except ImportError as error:
    raise ReconcileError(
        "the sandbox needs more packages",
        hint="pip install '.[sandbox]' where reconcile's sources are",
    ) from error

from reconciler.sandbox.calls import Call

# moto keeps its state in the process: a second sandbox would empty the first.
_ONE_AT_A_TIME = threading.Lock()


class Sandbox:
    """An embedded ECR (and STS, IAM, all that moto has) on 127.0.0.1; a context manager.

    It starts empty, but for the user that `environment` gives the keys of. `account` is the
    12-digit account of that user and of every access key that is nobody's; `port` 0 takes a
    free one; `clock` is what throttling goes by. One at a time in a process.
    """

    def __init__(
        self,
        behaviour: Behaviour = DEFAULT,
        *,
        account: str = "111122223333",
        region: str = "us-west-2",
        port: int = 0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._account = account
        self._region = region
        broken = behaviour.dead_region, behaviour.disabled_region
        self._regions = {region, *filter(None, broken)}
        self._port = port
        self._ecr = EmbeddedEcr(behaviour, account, clock)
        self._serving: Serving | None = None
        self._keys = ("", "")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Empty moto and serve.

        Raises UsageError for a region without ECR and where MOTO_ACCOUNT_ID is set, which would
        override every account, and ReconcileError where the port is taken or a sandbox already
        runs in this process.
        """
        if "MOTO_ACCOUNT_ID" in os.environ:
            raise UsageError(
                "MOTO_ACCOUNT_ID is set: the sandbox would be in no account but that one",
                hint="unset MOTO_ACCOUNT_ID",
            )
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise ReconcileError("a sandbox is already running in this process")
        try:
            empty_moto()
            for region in sorted(self._regions):
                check_region(region)
            self._keys = new_keys(self._account, self._region)
            self.spread_iam()
            self._serving = Serving(self._ecr, self._port)
        except BaseException:
            _ONE_AT_A_TIME.release()
            raise

    def stop(self) -> None:
        """Stop serving and free the port; without effect when not running."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None
            _ONE_AT_A_TIME.release()

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`; raises ReconcileError when not running."""
        if self._serving is None:
            raise ReconcileError("the sandbox is not running")
        return self._serving.url

    def environment(self) -> dict[str, str]:
        """Return the variables that make boto3 and the `aws` client talk to it."""
        access_key, secret_key = self._keys
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            **NO_SETTINGS,
        }

    def calls(self) -> tuple[Call, ...]:
        """Return the calls so far, `(name, repository or None)`, refused ones too."""
        return self._ecr.log.all()

    def before_call(self, hook: Hook) -> None:
        """Have `hook` called with each ECR call, in the serving thread, before its work is done.

        Not for calls that end before their work (expired, throttled, cut, failed).
        """
        self._ecr.before.append(hook)

    def after_call(self, hook: Hook) -> None:
        """Have `hook` called with each ECR call, as `before_call`, once its work is done.

        The answer has not gone out then. A refusal is work as well.
        """
        self._ecr.after.append(hook)

    def renew_credentials(self) -> None:
        """Make the credentials good again, for good, once they expired or before."""
        self._ecr.state.credentials.renew()

    def create_repository(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Create a repository with the default settings, without a call.

        Raises ReconcileError where the name is invalid or taken.
        """
        with self._ecr.state.working:
            make_repository(account or self._account, region or self._region, name)

    def repository_settings(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> StoredSettings:
        """Return the settings of a repository as they are stored."""
        return settings_of(self._repository(name, account, region))

    def put_image(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Put an image into a repository, without a call; once it is there, nothing happens."""
        with self._ecr.state.working:
            push_image(self._repository(name, account, region))

    def set_policy_text(
        self, name: str, text: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Store a policy text as it is, whatever it is, as a hand edit or an old policy."""
        repository = self._repository(name, account, region)
        with self._ecr.state.working:
            self._ecr.state.policies.set(repository, text)

    def policy_text(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> str | None:
        """Return the policy text as it was stored, None where there is none.

        With `unique_ids`, principals deleted since then are their ids.
        """
        return self._ecr.state.policies.get(self._repository(name, account, region))

    def lambda_adds_statement(
        self,
        repository: str,
        source_arn: str,
        actions: Iterable[str] = RETRIEVAL_ACTIONS,
        *,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Edit a policy as Lambda does when a function is made from an image, without a call.

        `source_arn` is the function's ARN, or a pattern of some. Raises ReconcileError where the
        policy so far is none.
        """
        policies = self._ecr.state.policies
        found = self._repository(repository, account, region)
        try:
            with self._ecr.state.working:
                policies.set(found, with_image_retrieval(policies.get(found), source_arn, actions))
        except ValueError as error:
            raise ReconcileError(
                f"the policy of {repository!r} can't be edited: {error}"
            ) from error

    def create_role(self, account: str, name: str, path: str = "/") -> str:
        """Create a role and return its ARN; `path` begins and ends with a slash."""
        return iam.create_role(account, get_partition(self._region), name, path)

    def delete_role(self, arn: str) -> None:
        """Delete the role of this ARN; raises ReconcileError where there is none."""
        iam.delete_role(arn)

    def spread_iam(self) -> None:
        """End the delay of everyone whom IAM has now: ECR knows them."""
        self._ecr.state.acquaintance.meet_all()

    def _repository(self, name: str, account: str | None, region: str | None) -> Repository:
        return existing_repository(account or self._account, region or self._region, name)
