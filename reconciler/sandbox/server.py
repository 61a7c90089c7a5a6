"""The embedded ECR as a server on loopback.

Importing this module raises ReconcileError if the packages of the `sandbox` extra are missing.
"""

import os
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self
from wsgiref.types import WSGIEnvironment

from reconciler.errors import ReconcileError, UsageError
from reconciler.sandbox.behaviour import DEFAULT, Behaviour
from reconciler.sandbox.environment import NEUTRAL

try:
    from moto.ecr.models import Repository
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from moto.utilities.utils import get_partition
    from werkzeug.serving import BaseWSGIServer, make_server

    from reconciler.sandbox import profiles, state
    from reconciler.sandbox.application import Clock, EmbeddedEcr, Hook
    from reconciler.sandbox.json_values import JsonObject
    from reconciler.sandbox.policies.text import RETRIEVAL_ACTIONS, add_lambda_statement
    from reconciler.sandbox.requests.protocol import Call
except ImportError as error:
    raise ReconcileError(
        "the sandbox needs more packages",
        hint="pip install 'ecr-reconcile[sandbox]'",
    ) from error

_HOST = "127.0.0.1"
_STOP_CHECK = 0.05  # seconds

# moto's state is global in a process: a second sandbox would delete that of the first.
_RUNNING = threading.Lock()


class Sandbox:
    """An embedded ECR on 127.0.0.1, with STS, IAM and all else of moto; a context manager.

    It has all accounts and regions of ECR in moto, and starts empty, apart from the user `sandbox`
    in `account` and in each of `other_accounts`, whose keys `environment` and `write_profiles`
    give. `account` (12 digits) is that of all access keys that no user has, too; `account` and
    `region` are meant where a method is not given another. `port` 0 takes a free one; throttling
    uses `clock`. Only one may run in a process at a time. `other_regions` are only checked.
    """

    def __init__(
        self,
        behaviour: Behaviour = DEFAULT,
        *,
        account: str = "111122223333",
        other_accounts: Iterable[str] = (),
        region: str = "us-west-2",
        other_regions: Iterable[str] = (),
        port: int = 0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._account = account
        self._accounts = tuple(dict.fromkeys((account, *other_accounts)))
        self._region = region
        faulty = behaviour.dead_region, behaviour.disabled_region
        self._regions = {region, *other_regions, *filter(None, faulty)}
        self._port = port
        self._ecr = EmbeddedEcr(behaviour, account, clock)
        self._serving: tuple[BaseWSGIServer, threading.Thread] | None = None
        self._keys: dict[str, state.AccessKey] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Empty moto and start the server.

        Raises UsageError for a region without ECR and if MOTO_ACCOUNT_ID is set, which overrides
        every account. Raises ReconcileError if the port is in use, or if a sandbox already runs in
        this process.
        """
        if "MOTO_ACCOUNT_ID" in os.environ:
            raise UsageError(
                "MOTO_ACCOUNT_ID is set, so the sandbox could have no other account",
                hint="unset MOTO_ACCOUNT_ID",
            )
        if not _RUNNING.acquire(blocking=False):
            raise ReconcileError("a sandbox is already running in this process")
        try:
            self._ecr.empty()
            for region in sorted(self._regions):
                state.check_region(region)
            self._keys = {one: state.create_access_key(one, self._region) for one in self._accounts}
            self.propagate_iam()
            self._serving = _serve(self._ecr, self._port)
        except BaseException:
            _RUNNING.release()
            raise

    def stop(self) -> None:
        """Stop the server and free the port. Does nothing if it is not running."""
        if self._serving is not None:
            server, thread = self._serving
            server.shutdown()
            thread.join()  # the thread closes the port at its end
            self._serving = None
            _RUNNING.release()

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`. Raises ReconcileError if the server is not running."""
        if self._serving is None:
            raise ReconcileError("the sandbox is not running")
        server, _ = self._serving
        return f"http://{_HOST}:{server.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that connect boto3 and the `aws` client to the sandbox.

        The keys are those of the first account.
        """
        url, key = self.endpoint_url, self._keys[self._account]
        return {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            **NEUTRAL,
        }

    def write_profiles(self, folder: Path) -> dict[str, str]:
        """Write an AWS profile `sandbox-ACCOUNT` for each account; return the variables for them.

        A profile has the keys of its account and the first region. Raises ReconcileError if
        `folder` can't be written, or has the files `config` or `credentials`.
        """
        return profiles.write_profiles(folder, self._keys, self._region)

    def calls(self) -> tuple[Call, ...]:
        """Return the calls so far, `(name, repository or None)`, failed ones included."""
        return self._ecr.calls()

    def before_call(self, hook: Hook) -> None:
        """Call `hook` with each ECR call, in the serving thread, before its operation runs.

        Calls that fail before (expired, throttled, cut, failed) do not reach it. A hook that raises
        ServiceError or ConnectionCutError ends the call with this error, or without a response.
        """
        self._ecr.before.append(hook)

    def after_call(self, hook: Hook) -> None:
        """Call `hook` as `before_call` does, after the operation and before the response is sent.

        It is called for an operation that returns an error, too. What it raises then takes the
        place of a response to what has been done.
        """
        self._ecr.after.append(hook)

    def renew_credentials(self) -> None:
        """Make the credentials valid from now on, whether they have expired or not."""
        self._ecr.faults.renew_credentials()

    def create_repository(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Create a repository with the default settings, without a call.

        Calls find it at once. Raises ReconcileError if the name is invalid or in use.
        """
        with self._ecr.operations.lock:
            created = state.create_repository(self._place(name, account, region))
            self._ecr.operations.new_repositories.settle([created])

    def repository_settings(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> state.RepositorySettings:
        """Return the settings of a repository, as stored."""
        return state.read_settings(self._repository(name, account, region))

    def put_image(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Put an image into a repository, without a call, unless it is there already.

        As at a push, a template can create the repository, and the image is replicated. Raises
        ReconcileError if there is no repository.
        """
        operations = self._ecr.operations
        with operations.lock:
            operations.create_on_push(self._place(name, account, region))
            repository = self._repository(name, account, region)
            operations.replicate(repository, state.push_image(repository))

    def set_policy_text(
        self, name: str, text: str, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Store a policy text without a call and without checks, as another writer's edit."""
        with self._ecr.operations.lock:
            self._ecr.operations.policies.write(self._repository(name, account, region), text)

    def policy_text(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> str | None:
        """Return the policy text as stored, None if there is none.

        With `unique_ids`, principals that were deleted since then are shown by their ids.
        """
        return self._ecr.operations.policies.read(self._repository(name, account, region))

    def set_registry_policy_text(
        self, text: str | None, *, account: str | None = None, region: str | None = None
    ) -> None:
        """Store the text of a registry's own policy without a call and without checks.

        None removes the policy.
        """
        with self._ecr.operations.lock:
            self._ecr.operations.registry_policies.write(
                account or self._account, region or self._region, text
            )

    def registry_policy_text(
        self, *, account: str | None = None, region: str | None = None
    ) -> str | None:
        """Return the text of a registry's own policy as stored, None if there is none.

        With `unique_ids`, principals that were deleted since then are shown by their ids.
        """
        return self._ecr.operations.registry_policies.read(
            account or self._account, region or self._region
        )

    def set_creation_template(
        self,
        prefix: str,
        fields: JsonObject | None,
        *,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Replace a repository creation template without a call and without checks.

        `fields` are those of CreateRepositoryCreationTemplate, with at least appliedFor; None
        removes the template.
        """
        with self._ecr.operations.lock:
            self._ecr.operations.templates.write(
                account or self._account, region or self._region, prefix, fields
            )

    def creation_template(
        self, prefix: str, *, account: str | None = None, region: str | None = None
    ) -> JsonObject | None:
        """Return a repository creation template as stored, None if there is none.

        It has the shape RepositoryCreationTemplate of botocore's model.
        """
        return self._ecr.operations.templates.find(
            account or self._account, region or self._region, prefix
        )

    def add_lambda_statement(
        self,
        name: str,
        source_arn: str,
        actions: Iterable[str] = RETRIEVAL_ACTIONS,
        *,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Edit a policy as Lambda does when a function is created from an image, without a call.

        `source_arn` is the ARN of the function, or a pattern. Raises ReconcileError if the current
        text is not a policy.
        """
        policies = self._ecr.operations.policies
        repository = self._repository(name, account, region)
        try:
            with self._ecr.operations.lock:
                text = add_lambda_statement(policies.read(repository), source_arn, actions)
                policies.write(repository, text)
        except ValueError as error:
            raise ReconcileError(f"the policy of {name!r} can't be edited: {error}") from error

    def create_role(
        self,
        account: str,
        name: str,
        path: str = "/",
        trust_policy: str = state.NO_TRUST_POLICY,
    ) -> str:
        """Create a role and return its ARN; `path` begins and ends with a slash.

        `trust_policy` is the text of a policy; by default, everyone can assume the role.
        """
        return state.create_role(account, get_partition(self._region), name, path, trust_policy)

    def delete_role(self, arn: str) -> None:
        """Delete the role with this ARN. Raises ReconcileError if there is none."""
        state.delete_role(arn)

    def propagate_iam(self) -> None:
        """Make all roles and users that exist now known to ECR, without the delay."""
        with self._ecr.operations.lock:
            self._ecr.operations.policies.new_principals.settle(state.unique_ids().values())

    def _place(self, name: str, account: str | None, region: str | None) -> state.RepositoryPlace:
        return state.RepositoryPlace(account or self._account, region or self._region, name)

    def _repository(self, name: str, account: str | None, region: str | None) -> Repository:
        found = self._place(name, account, region).find()
        if found is None:
            raise ReconcileError(f"the sandbox has no repository {name!r}")
        return found


class _RequestHandler(MotoRequestHandler):
    """moto's handler, without a log line for each request. Errors are still logged."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def connection_dropped(
        self, _error: BaseException, _environ: WSGIEnvironment | None = None
    ) -> None:
        """Close the connection after a ConnectionError of the client or the application.

        By default, a connection that the application cuts stays open for the next request.
        """
        self.close_connection = True


def _serve(app: EmbeddedEcr, port: int) -> tuple[BaseWSGIServer, threading.Thread]:
    # werkzeug exits the process if it cannot bind the port itself.
    try:
        bound = socket.create_server((_HOST, port), backlog=128)
    except OSError as error:
        raise ReconcileError(
            f"cannot listen on {_HOST}:{port}: {error.strerror}", hint="choose another port"
        ) from error
    with bound:
        server = make_server(
            _HOST, port, app, threaded=True, request_handler=_RequestHandler, fd=bound.fileno()
        )
    thread = threading.Thread(target=server.serve_forever, args=(_STOP_CHECK,), daemon=True)
    thread.start()
    return server, thread
