"""`reconcile sandbox`: the embedded ECR, until stopped."""

import contextlib
import gc
import os
import shlex
from typing import Annotated

import typer
from typer.models import OptionInfo

from reconciler.cli.options import Quiet
from reconciler.cli.signals import Interrupt
from reconciler.cli.terminal import keep_quiet, note, out
from reconciler.errors import UsageError

_ACCOUNT = "111122223333"
_REGION = "us-west-2"


def _amount(metavar: str, text: str) -> OptionInfo:
    option: OptionInfo = typer.Option(min=0, metavar=metavar, show_default=False, help=text)
    return option


def sandbox(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="0 takes a free one.")
    ] = 0,
    account: Annotated[str, typer.Option(metavar="ID", help="The account it is.")] = _ACCOUNT,
    region: Annotated[str, typer.Option(metavar="REGION", help="The region it is in.")] = _REGION,
    repository: Annotated[
        list[str] | None,
        typer.Option("--repository", metavar="NAME", help="Make this one first. Repeatable."),
    ] = None,
    shuffle: Annotated[
        bool, typer.Option(help="Give policies back rewritten and in random order, as ECR does.")
    ] = True,
    known_principals_only: Annotated[
        bool,
        typer.Option("--known-principals-only", help="Refuse roles that its IAM does not have."),
    ] = False,
    iam_delay: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Refuse a new role N times, with --known-principals-only."
        ),
    ] = 0,
    unique_ids: Annotated[
        bool, typer.Option(help="Give deleted roles and users back as their unique ids.")
    ] = True,
    latency: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Seconds that each call takes.")
    ] = 0.0,
    repository_limit: Annotated[
        int, _amount("N", "Hold N repositories, and refuse to make more.")
    ] = 0,
    visible_after: Annotated[
        int, _amount("N", "Hide a repository just made from the first N calls that name it.")
    ] = 0,
    meddle_after_reads: Annotated[
        int, _amount("N", "Have somebody else change a policy right after the N-th read of it.")
    ] = 0,
    throttle_rate: Annotated[
        float, _amount("CALLS", "Take so many calls a second from an account.")
    ] = 0.0,
    throttle_burst: Annotated[
        int, _amount("N", "Take N calls at once, with --throttle-rate (default 1).")
    ] = 0,
    expire_after: Annotated[
        int, _amount("N", "Let the credentials expire, for good, after N calls.")
    ] = 0,
    dead_region: Annotated[
        str, typer.Option(metavar="REGION", help="Cut the connection of each call to this region.")
    ] = "",
    disabled_region: Annotated[
        str, typer.Option(metavar="REGION", help="Let this region not be enabled for the account.")
    ] = "",
    cut_before_every: Annotated[
        int, _amount("N", "Cut the connection of each N-th call, its work not done.")
    ] = 0,
    cut_after_every: Annotated[
        int, _amount("N", "Cut the connection of each N-th call, its work done.")
    ] = 0,
    fail_every: Annotated[
        int, _amount("N", "Fail each N-th call with HTTP 500, its work not done.")
    ] = 0,
    fail_after_every: Annotated[
        int, _amount("N", "Fail each N-th call with HTTP 500, its work done.")
    ] = 0,
    slow_every: Annotated[
        int, _amount("N", "Answer each N-th call late, with --slow-seconds.")
    ] = 0,
    slow_seconds: Annotated[
        float, _amount("SECONDS", "Seconds by which --slow-every is late.")
    ] = 0.0,
    quiet: Quiet = False,
) -> None:
    """Run the embedded ECR on loopback until stopped.

    `reconcile` and the `aws` client can both talk to it. The options from --latency on make it
    the service on a bad day; each is off at 0, and calls are those of ECR alone.
    """
    no_proxy = forget_settings()
    from reconciler.policy.language.principals import ACCOUNT_ID
    from reconciler.sandbox.behaviour import Behaviour
    from reconciler.sandbox.server import Sandbox
    from reconciler.sandbox.settings import MISLEADING

    keep_quiet(quiet)
    _check_together("--iam-delay", iam_delay, "--known-principals-only", known_principals_only)
    _check_together("--throttle-burst", throttle_burst, "--throttle-rate", throttle_rate)
    _check_together("--slow-every", slow_every, "--slow-seconds", slow_seconds)
    _check_together("--slow-seconds", slow_seconds, "--slow-every", slow_every)
    if not ACCOUNT_ID.fullmatch(account):
        raise UsageError(f"{account} is no account id: it has 12 digits")
    gc.enable()  # unlike the other commands, this one stays
    behaviour = Behaviour(
        rewrite=shuffle,
        shuffle=shuffle,
        known_principals_only=known_principals_only,
        iam_delay=iam_delay,
        unique_ids=unique_ids,
        latency=latency,
        repository_limit=repository_limit,
        visible_after=visible_after,
        meddle_after_reads=meddle_after_reads,
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
    with Sandbox(behaviour, account=account, region=region, port=port) as running:
        for name in repository or ():
            running.create_repository(name)
        for variable, value in {**running.environment(), **no_proxy}.items():
            out(f"export {variable}={shlex.quote(value)}\n")
        out(f"unset {' '.join(MISLEADING)}\n")
        note(f"the embedded ECR of account {account} listens on {running.endpoint_url}")
        note("paste the lines above into another terminal; Ctrl-C stops it")
        _wait_until_stopped()


def forget_settings() -> dict[str, str]:
    """Remove AWS settings and proxies from the environment before moto reads them.

    Gives the NO_PROXY variables: the hosts that they had, and the sandbox's.
    """
    from reconciler.sandbox.settings import exempted, without_settings

    hosts, kept = exempted(os.environ), without_settings(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    return hosts


def _check_together(option: str, value: float, other: str, needed: float) -> None:
    if value and not needed:
        raise UsageError(f"{option} needs {other}")


def _wait_until_stopped() -> None:
    import threading

    with contextlib.suppress(Interrupt):
        threading.Event().wait()
