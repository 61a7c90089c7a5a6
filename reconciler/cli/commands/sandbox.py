"""`reconcile sandbox`: the embedded ECR, until stopped."""

import contextlib
import gc
from typing import Annotated

import typer

from reconciler.cli.signals import Interrupt
from reconciler.cli.terminal import note, out
from reconciler.errors import UsageError

_ACCOUNT = "111122223333"
_REGION = "us-west-2"


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
) -> None:
    """Run the embedded ECR on loopback until stopped.

    `reconcile` and the `aws` client can both talk to it.
    """
    from reconciler.policy.principals import ACCOUNT_ID
    from reconciler.sandbox.behaviour import Behaviour
    from reconciler.sandbox.server import Sandbox

    if iam_delay and not known_principals_only:
        raise UsageError("--iam-delay has an effect with --known-principals-only alone")
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
    )
    with Sandbox(behaviour, account=account, region=region, port=port) as running:
        for name in repository or ():
            running.create_repository(name)
        for variable, value in running.environment().items():
            out(f"export {variable}={value}\n")
        note(f"the embedded ECR of account {account} listens on {running.endpoint_url}")
        note("paste the lines above into another terminal; Ctrl-C stops it")
        _wait_until_stopped()


def _wait_until_stopped() -> None:
    import threading

    with contextlib.suppress(Interrupt):
        threading.Event().wait()
