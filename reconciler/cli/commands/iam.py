"""The commands that print IAM policies: iam caller (for reconcile) and iam consumer."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.terminal import note, out, print_message
from reconciler.closest import suggestion
from reconciler.printable import printable, printable_json, some_of

if TYPE_CHECKING:
    from reconciler.access_file.model import Registry
    from reconciler.workflow import ConsumerPolicies
    from reconciler.workflow.policies import CallerPolicies


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

    source = load_valid(file, opt.allowances(public=allow_public), registry)
    found = workflow.caller_policies(source, plan_only=plan_only)
    policies = {name or "": policy for name, policy in found.by_registry.items()}
    policies |= {_assuming(partition, found): own for partition, own in found.assuming.items()}
    out(printable_json(policies[""] if None in found.by_registry else policies))
    for name, role in found.roles.items():
        which = "this" if name is None else printable(name)
        needs = "; the caller of reconcile needs sts:AssumeRole on it" if name is None else ""
        note(f"{which} is the policy of {printable(role)}{needs}")
    for partition in found.assuming:
        note(f"{_assuming(partition, found)} is the policy of the caller of reconcile")


def _assuming(partition: str, found: "CallerPolicies") -> str:
    """Return the key of the caller's own policy, with the partition where there are several."""
    return _ASSUME_ROLE if len(found.assuming) == 1 else f"{_ASSUME_ROLE} {partition}"


_ASSUME_ROLE = "sts:AssumeRole"
"""The key of the policy for who assumes roles; no registry has a name with a colon."""


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

    source = load_valid(file, opt.allowances(public=allow_public), registry)
    result = workflow.consumer_policies(source, principal)
    out(_rendered(result, format_))
    if result.policies:
        _show_notes(result)
    elif result.services:
        print_message(_needs_none(result.services))
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


def _show_notes(result: "ConsumerPolicies") -> None:
    from reconciler.report.questions.consumer import consumer_notes

    numbers = {partition: len(own) for partition, own in result.by_partition.items()}
    for line in consumer_notes(result.access, numbers, result.tiers):
        note(printable(line))
    if result.services:
        note(_needs_none(result.services))
    for registry in result.registries:
        for line in _login_commands(registry):
            note(line)


def _needs_none(services: Iterable[str]) -> str:
    return f"{printable(some_of(services))}: a service needs no identity policy"


def _login_commands(registry: "Registry") -> Iterator[str]:
    """Yield the command that logs Docker in to the registry, for each region.

    Source: Amazon ECR User Guide, "Private registry authentication" (the `get-login` of version 1
    of the AWS CLI is gone from version 2).
    """
    from reconciler.policy import dns_suffix

    for region in registry.regions:
        host = f"{registry.account}.dkr.ecr.{region}.{dns_suffix(registry.partition)}"
        yield (
            f"log in: aws ecr get-login-password --region {region}"
            f" | docker login --username AWS --password-stdin {host}"
        )
