"""The command import: the live policies of a registry as an access file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import workflow
from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import a_path, access_file_at, name_of, require_one_stdin
from reconciler.cli.terminal import is_stdout, note, out, print_message
from reconciler.errors import ArgumentError
from reconciler.model.transport import Transport
from reconciler.printable import printable, printable_name

if TYPE_CHECKING:
    from reconciler.workflow import Adopted


def import_(
    *,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ID", help="The registry; by default the caller's own."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="REGION", help="By default $AWS_REGION. Repeatable."),
    ] = None,
    accounts: Annotated[
        Path | None,
        typer.Option(
            "--accounts",
            metavar="FILE",
            parser=a_path,
            help="Names of accounts: YAML or JSON that maps each name to an id. By default AWS "
            "Organizations is asked.",
        ),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            parser=a_path,
            help="Read policies from JSON, {REPOSITORY: POLICY}, and not from AWS; - is stdin.",
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FILE",
            parser=access_file_at,
            help="Add to this access file what it does not describe yet, and print the result; "
            "FILE itself is not written.",
        ),
    ] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Without groups and patterns.")] = False,
    keep_dead: Annotated[
        bool, typer.Option("--keep-dead", help="Keep deleted principals, as raw statements.")
    ] = False,
    profile: opt.Profile = None,
    transport: opt.CallsBy = Transport.FAST,
    _quiet: opt.Quiet = False,
) -> None:
    """Print an access file of the live policies; reads only.

    A plan with this file changes nothing, except that it removes deleted principals. Repositories
    that a file can't describe are left out, by name and with the reason.
    """
    from reconciler.cli import files
    from reconciler.cli.results import TerminalListener
    from reconciler.workflow.adopter import MAX_NAMES, MAX_POLICIES

    require_one_stdin(accounts, from_, into)
    names = None
    if accounts is not None:
        content = files.read_input(accounts, MAX_NAMES, called="file of account names")
        names = workflow.read_account_names(content, name_of(accounts))
    if into is not None and is_stdout(into):
        raise ArgumentError(
            "into",
            name_of(into),
            "the output goes to this file",
            hint="write to another file, and move that; a shell with > has emptied this one",
        )
    source = None if into is None else files.load_valid(into, opt.allowances(public=None))
    style = workflow.AdoptionStyle(names, flat=flat, keep_dead=keep_dead, into=source)
    if from_ is None:
        adopted = workflow.adopt(
            account=account,
            regions=tuple(region or ()),
            style=style,
            profile=profile,
            transport=transport,
            listener=TerminalListener(),
        )
    else:
        adopted = workflow.adopt_policies(
            files.read_input(from_, MAX_POLICIES, called="file of policies"),
            name_of(from_),
            account=account,
            regions=tuple(region or ()),
            style=style,
        )
    out(adopted.imported.text)
    _show_notes(adopted)
    raise typer.Exit(exit_of(adopted.statuses))


def _show_notes(adopted: "Adopted") -> None:
    notes = adopted.imported.notes
    for one in notes.left_out:
        print_message(f"left out: {printable_name(one.repository)}: {printable(one.reason)}")
    for other in notes.unmanaged:
        print_message(f"not managed: {printable(other.what)}: {printable(other.reason)}")
    if adopted.unnamed is not None:
        note(f"the names of accounts are unknown; --accounts FILE has them: {adopted.unnamed}")
    elif adopted.imported.unnamed_accounts:
        count = len(adopted.imported.unnamed_accounts)
        note(f"accounts without a name: {count:,}; --accounts FILE names them")
    if notes.dead:
        note(f"deleted principals left out: {len(notes.dead):,}; a plan removes them")
    described = len(adopted.imported.repositories)
    note(f"repositories imported: {described:,}; left out: {len(notes.left_out):,}")
