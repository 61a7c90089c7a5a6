"""`reconcile handover`: how another tool gives up the policies that the file manages."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.options import a_path, name_of, require_one_stdin
from reconciler.cli.terminal import keep_quiet, note, out
from reconciler.errors import RefusedError
from reconciler.printable import printable, some_of

if TYPE_CHECKING:
    from reconciler.workflow import Handover

handover = typer.Typer(
    help="Take over policies that another tool manages.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@handover.command("terraform")
def terraform(
    state: Annotated[
        Path,
        typer.Argument(
            metavar="STATE", parser=a_path, help="What terraform show -json prints; - is stdin."
        ),
    ],
    *,
    file: opt.File = opt.DEFAULT_FILE,
    even_if_different: Annotated[
        bool,
        typer.Option(
            "--even-if-different", help="Also hand over policies that a plan would change."
        ),
    ] = False,
    quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Print the removed blocks that make Terraform forget the policies of the file.

    Terraform 1.7 or OpenTofu 1.10 then leaves these policies as they are. Policies that the file
    does not manage are named on stderr, and stay with Terraform. Exits 5 where a plan with the
    file would change a policy first. Makes no AWS calls.
    """
    from reconciler.cli import files
    from reconciler.report.hcl import removed_blocks
    from reconciler.workflow.handover import MAX_STATE

    keep_quiet(quiet)
    require_one_stdin(file, state)
    source = files.load_valid(file, opt.allowances(public=allow_public))
    content = files.read_input(state, MAX_STATE, called="state")
    result = workflow.hand_over(source, content, name_of(state))
    _show_left(result)
    if result.differing and not even_if_different:
        raise _differs(result)
    out(removed_blocks(result.removed))
    _show_next(result)


def _show_left(result: "Handover") -> None:
    for left in result.left:
        note(f"left to Terraform: {printable(left.address)}: {printable(left.reason)}")


def _differs(result: "Handover") -> RefusedError:
    count = len(result.differing)
    policies = "1 policy" if count == 1 else f"{count} policies"
    names = some_of(map(str, result.differing))
    return RefusedError(
        f"a plan with the file would change {policies} of the state first: {names}",
        hint="'reconcile plan' shows the changes to the live policies; --even-if-different prints "
        "the removed blocks all the same",
    )


def _show_next(result: "Handover") -> None:
    if not result.removed:
        note("the state has no aws_ecr_repository_policy that the file manages")
        return
    note(
        f"policies handed over: {len(result.policies)}, by removed blocks: {len(result.removed)}; "
        "next: replace the resource blocks in the configuration by these"
    )
