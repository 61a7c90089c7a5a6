"""`reconcile iam`: the IAM policies that belong to an access file."""

from typing import Annotated

import typer

from reconciler.cli.options import DEFAULT_FILE, AllowPublic, File, Quiet
from reconciler.cli.terminal import keep_quiet, note, out

app = typer.Typer(
    help="Print IAM policies that belong to the file.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("caller")
def caller(
    *,
    file: File = DEFAULT_FILE,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Only what plan and drift need.")
    ] = False,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
) -> None:
    """Print the IAM policy that reconcile itself needs.

    An identity policy for plan, drift, apply and rollback: of whoever runs them, or of the role
    that the file's registry assumes.
    """
    from reconciler.access_file.desired import to_create
    from reconciler.cli.load import load_valid
    from reconciler.printable import printable, printable_json
    from reconciler.registry.permissions import PermissionScope, reading_policy, writing_policy

    keep_quiet(quiet)
    access = load_valid(file, allow_public).access
    registry = access.registry
    scope = PermissionScope(
        registry.partition,
        registry.account,
        registry.regions,
        to_create=tuple(to_create(access).values()),
        probe_repository=registry.probe_repository,
    )
    policy = reading_policy(scope) if plan_only else writing_policy(scope)
    out(printable_json(policy))
    if registry.assume_role is not None:
        role = printable(registry.assume_role)
        note(f"this is the policy of {role}; whoever runs reconcile needs sts:AssumeRole on it")
