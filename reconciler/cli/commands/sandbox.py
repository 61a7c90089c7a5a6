"""`reconcile sandbox`: the embedded ECR, until stopped."""

import contextlib
import gc
import os
import shlex
import threading
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import typer

from reconciler.cli.options import Quiet, a_path
from reconciler.cli.signals import Interrupt
from reconciler.cli.terminal import note, out
from reconciler.errors import UsageError

_ACCOUNT = "111122223333"
_REGION = "us-west-2"


def _number(text: str, *names: str, metavar: str = "N") -> object:
    return typer.Option(*names, min=0, metavar=metavar, show_default=False, help=text)


def sandbox(
    *,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="PORT", help="The port; 0 takes a free one."),
    ] = 0,
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help=f"An account; the first has the keys (default {_ACCOUNT}). Repeatable.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION",
            help=f"A region; the first is the clients' (default {_REGION}). Repeatable.",
        ),
    ] = None,
    repository: Annotated[
        list[str] | None,
        typer.Option(
            "--repository",
            metavar="NAME",
            help="Create this repository in each account and region. Repeatable.",
        ),
    ] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=a_path,
            help="Write an AWS profile sandbox-ID for each account into this folder.",
        ),
    ] = None,
    shuffle: Annotated[
        bool, typer.Option(help="Return policies rewritten and in random order, as ECR does.")
    ] = True,
    known_principals_only: Annotated[
        bool,
        typer.Option(
            "--known-principals-only", help="Refuse roles and users that do not exist in its IAM."
        ),
    ] = False,
    iam_delay: Annotated[
        int, _number("Refuse a new role or user N times; needs --known-principals-only.")
    ] = 0,
    unique_ids: Annotated[
        bool, typer.Option(help="Show deleted roles and users by their unique ids.")
    ] = True,
    registry_policy_v1: Annotated[
        bool,
        typer.Option(
            "--registry-policy-v1", help="Allow only the three actions of scope V1 in its policy."
        ),
    ] = False,
    latency: Annotated[float, _number("Delay each call by SECONDS.", metavar="SECONDS")] = 0.0,
    repository_limit: Annotated[
        int, _number("Allow N repositories, and refuse to create more.")
    ] = 0,
    template_limit: Annotated[
        int, _number("Allow N repository creation templates, and refuse to create more.")
    ] = 0,
    visible_after: Annotated[
        int, _number("Hide a new repository from the first N calls that name it.")
    ] = 0,
    concurrent_write_after_reads: Annotated[
        int,
        _number(
            "Change each policy right after its N-th read, as another writer.",
            "--concurrent-write-after-reads",
            "--meddle-after-reads",
        ),
    ] = 0,
    concurrent_write_to: Annotated[
        Literal["repository", "registry", "template"],
        typer.Option(help="Whose policies those are; needs --concurrent-write-after-reads."),
    ] = "repository",
    throttle_rate: Annotated[
        float, _number("Throttle each account to CALLS calls per second.", metavar="CALLS")
    ] = 0.0,
    throttle_burst: Annotated[
        int, _number("Allow N calls at once (default 1); needs --throttle-rate.")
    ] = 0,
    expire_after: Annotated[int, _number("Expire the credentials, for good, after N calls.")] = 0,
    dead_region: Annotated[
        str, typer.Option(metavar="REGION", help="Close the connection of each call to REGION.")
    ] = "",
    disabled_region: Annotated[
        str, typer.Option(metavar="REGION", help="Refuse REGION as not enabled for the account.")
    ] = "",
    cut_before_every: Annotated[
        int, _number("Close the connection of each N-th call before the operation.")
    ] = 0,
    cut_after_every: Annotated[
        int, _number("Close the connection of each N-th call after the operation.")
    ] = 0,
    fail_every: Annotated[
        int, _number("Fail each N-th call with HTTP 500 before the operation.")
    ] = 0,
    fail_after_every: Annotated[
        int, _number("Fail each N-th call with HTTP 500 after the operation.")
    ] = 0,
    slow_every: Annotated[
        int, _number("Delay the response to each N-th call; needs --slow-seconds.")
    ] = 0,
    slow_seconds: Annotated[
        float, _number("The delay in SECONDS; needs --slow-every.", metavar="SECONDS")
    ] = 0.0,
    _quiet: Quiet = False,
) -> None:
    """Run the embedded ECR on loopback until stopped.

    `reconcile`, the `aws` client and other AWS clients can use it. The options from --latency on
    are faults and limits: each is off at 0 or without a value. Only ECR calls are counted.
    """
    no_proxy = isolate_environment()
    from reconciler.policy import ACCOUNT_ID
    from reconciler.sandbox.behaviour import Behaviour
    from reconciler.sandbox.environment import UNSET
    from reconciler.sandbox.server import Sandbox

    _check_together("--iam-delay", iam_delay, "--known-principals-only", known_principals_only)
    _check_together(
        "--concurrent-write-to",
        concurrent_write_to != "repository",
        "--concurrent-write-after-reads",
        concurrent_write_after_reads,
    )
    _check_together("--throttle-burst", throttle_burst, "--throttle-rate", throttle_rate)
    _check_together("--slow-every", slow_every, "--slow-seconds", slow_seconds)
    _check_together("--slow-seconds", slow_seconds, "--slow-every", slow_every)
    accounts = tuple(dict.fromkeys(account or [_ACCOUNT]))
    regions = tuple(dict.fromkeys(region or [_REGION]))
    for one in accounts:
        if not ACCOUNT_ID.fullmatch(one):
            raise UsageError(f"{one} is not an account id: an account id has 12 digits")
    gc.enable()  # this command runs for long, unlike the others
    behaviour = Behaviour(
        rewrite=shuffle,
        shuffle=shuffle,
        known_principals_only=known_principals_only,
        iam_delay=iam_delay,
        unique_ids=unique_ids,
        registry_policy_scope="V1" if registry_policy_v1 else "V2",
        latency=latency,
        repository_limit=repository_limit,
        template_limit=template_limit,
        visible_after=visible_after,
        concurrent_write_after_reads=concurrent_write_after_reads,
        concurrent_write_to=concurrent_write_to,
        throttle_rate=throttle_rate,
        throttle_burst=throttle_burst,
        expire_after=expire_after,
        dead_region=dead_region,
        disabled_region=disabled_region,
        cut_before_every=cut_before_every,
        cut_after_every=cut_after_every,
        fail_every=fail_every,
        fail_after_every=fail_after_every,
        slow_every=slow_every,
        slow_seconds=slow_seconds,
    )
    with Sandbox(
        behaviour,
        account=accounts[0],
        other_accounts=accounts[1:],
        region=regions[0],
        other_regions=regions[1:],
        port=port,
    ) as ecr:
        for name, where, there in product(repository or (), accounts, regions):
            ecr.create_repository(name, account=where, region=there)
        files = {} if profiles is None else ecr.write_profiles(profiles)
        for variable, value in {**ecr.environment(), **no_proxy, **files}.items():
            out(f"export {variable}={shlex.quote(value)}\n")
        out(f"unset {' '.join(UNSET)}\n")
        of = "accounts" if len(accounts) > 1 else "account"
        note(f"the embedded ECR of {of} {', '.join(accounts)} listens on {ecr.endpoint_url}")
        note("paste the lines above into another terminal; Ctrl-C stops the sandbox")
        with contextlib.suppress(Interrupt):
            threading.Event().wait()


def isolate_environment() -> dict[str, str]:
    """Remove AWS settings and proxies from the environment, before moto is imported and reads them.

    Return the NO_PROXY variables for a client of the sandbox: the hosts so far, and loopback.
    """
    from reconciler.sandbox.environment import no_proxy_variables, without_aws_settings

    no_proxy, isolated = no_proxy_variables(os.environ), without_aws_settings(os.environ)
    os.environ.clear()
    os.environ.update(isolated)
    return no_proxy


def _check_together(option: str, value: float, other: str, needed: float) -> None:
    if value and not needed:
        raise UsageError(f"{option} needs {other}")
