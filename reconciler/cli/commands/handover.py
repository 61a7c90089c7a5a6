"""`reconcile handover`: how another tool gives up the policies that the file manages."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.options import a_path, name_of, require_one_stdin
from reconciler.cli.terminal import note, out
from reconciler.errors import RefusedError
from reconciler.printable import number_of, printable, some_of

_HINT = (
    "'reconcile plan' shows the changes to the live policies; --even-if-different prints the "
    "removed blocks all the same"
)

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
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Print removed blocks, so that Terraform forgets policies.

    These are the policies that the file manages. Terraform 1.7 or OpenTofu 1.10 then leaves them as
    they are. Policies that the file does not manage are named on stderr, and stay with Terraform.
    Exits 5 where a plan with the file would change a policy first. Makes no AWS calls.
    """
    from reconciler.cli import files
    from reconciler.report.hcl import removed_blocks
    from reconciler.workflow.handover import MAX_STATE

    require_one_stdin(file, state)
    source = files.load_valid(file, opt.allowances(public=allow_public))
    content = files.read_input(state, MAX_STATE, called="state")
    result = workflow.hand_over(source, content, name_of(state))
    for left in result.left:
        note(f"left to Terraform: {printable(left.address)}: {printable(left.reason)}")
    if result.differing:
        policies = number_of(len(result.differing), "policy", "policies")
        names = some_of(map(str, result.differing))
        message = f"a plan with the file would change {policies} of the state first: {names}"
        if not even_if_different:
            raise RefusedError(message, hint=_HINT)
        note(printable(message))
    out(removed_blocks(result.removed))
    if not result.removed:
        note("no aws_ecr_repository_policy of the state is handed over")
        return
    note(
        f"policies handed over: {len(result.policies):,}, "
        f"by removed blocks: {len(result.removed):,}; "
        "next: replace the resource blocks in the configuration by these"
    )
