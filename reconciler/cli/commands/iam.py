"""The commands that print IAM policies: iam caller (for reconcile) and iam consumer."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.terminal import note, out, print_message
from reconciler.closest import suggestion
from reconciler.printable import printable

if TYPE_CHECKING:
    from reconciler.workflow import ConsumerPolicies


iam = typer.Typer(
    help="Print IAM policies that belong to the file.", no_args_is_help=True, rich_markup_mode=None
)


class PolicyFormat(StrEnum):
    """The language that an identity policy is printed in."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


@iam.command("caller")
def caller(
    *,
    file: opt.File = opt.DEFAULT_FILE,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Only what plan and drift need.")
    ] = False,
    registry: opt.Registries = None,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Print the IAM policy that reconcile itself needs.

    An identity policy for plan, drift, apply and rollback: for the caller, or for the role that
    the file's registry assumes. With several registries, a JSON object has the policy for each, and
    under sts:AssumeRole the one for the caller, if it assumes roles: one for each partition.
    """
    from reconciler.cli.files import load_valid
    from reconciler.report.questions.caller import caller_notes, render_caller_policies

    source = load_valid(file, opt.allowances(public=allow_public), registry)
    found = workflow.caller_policies(source, plan_only=plan_only)
    out(render_caller_policies(found.by_registry, found.assuming))
    for line in caller_notes(found.roles, found.assuming):
        note(printable(line))


@iam.command("consumer")
def consumer(
    principal: Annotated[
        str,
        typer.Argument(
            metavar="PRINCIPAL",
            autocompletion=opt.principal_names,
            help="A name of the file, an ARN, an account's id or name, or a service.",
        ),
    ],
    *,
    file: opt.File = opt.DEFAULT_FILE,
    format_: Annotated[
        PolicyFormat, typer.Option("--format", help="The language of the policy.")
    ] = PolicyFormat.JSON,
    registry: opt.Registries = None,
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Print the IAM policy that a principal needs in its own account.

    An identity policy to log in, and to use the access that the file grants the principal.
    Several where one is too large for IAM, and one for each partition. Exits 4 where the file
    grants it nothing.
    """
    from reconciler.cli.files import load_valid
    from reconciler.report.questions.consumer import consumer_notes, login_commands, service_note

    source = load_valid(file, opt.allowances(public=allow_public), registry)
    result = workflow.consumer_policies(source, principal)
    out(_rendered(result, format_))
    if result.policies:
        numbers = {partition: len(own) for partition, own in result.by_partition.items()}
        notes = consumer_notes(result.access, numbers, result.tiers)
        services = [service_note(result.services)] if result.services else []
        for line in (*notes, *services, *login_commands(result.registries)):
            note(printable(line))
    elif result.services:
        print_message(printable(service_note(result.services)))
    else:
        print_message(f"the file grants no access to {printable(principal)}")
    if result.similar:
        note(f"the file does not have {printable(principal)}; {suggestion(*result.similar)}")
    raise typer.Exit(exit_of(result.statuses))


def _rendered(result: "ConsumerPolicies", format_: PolicyFormat) -> str:
    from reconciler.report.questions import consumer as report

    match format_:
        case PolicyFormat.JSON:
            return report.render_policies_json(result.policies)
        case PolicyFormat.TERRAFORM:
            return report.render_policies_terraform(result.policies, result.principal)
        case PolicyFormat.CLOUDFORMATION:
            return report.render_policies_cloudformation(result.policies, result.principal)
