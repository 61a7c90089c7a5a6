"""The command `reconcile`: its commands, and how every error ends."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.exits import Exit, fail
from reconciler.cli.options import asks_for_json
from reconciler.cli.signals import Interrupt, end_on_signals
from reconciler.cli.terminal import out, provide_streams, silence

_DEBUG = "--debug"
_NO_COLOR = "--no-color"

_COMMANDS: Mapping[str, str] = {
    "init": "offline:init",
    "import": "import_:import_",
    "validate": "offline:validate",
    "fmt": "fmt:fmt",
    "compile": "offline:compile_",
    "plan": "plan:plan",
    "apply": "apply:apply",
    "drift": "plan:drift",
    "rollback": "apply:rollback",
    "compare": "offline:compare",
    "explain": "access:explain",
    "schema": "offline:schema",
    "rule": "offline:rule",
    "sandbox": "sandbox:sandbox",
    "demo": "demo:demo",
    "access": "access:access",
    "iam": "iam:iam",
    "handover": "handover:handover",
}
"""Where each command, or group of commands, is: `MODULE:NAME`, in `cli.commands`."""


def _load(place: str) -> Callable[..., None] | typer.Typer:
    """Return the command, or group of commands, that is at this place."""
    module, _, name = place.partition(":")
    loaded: Callable[..., None] | typer.Typer
    loaded = getattr(import_module(f"reconciler.cli.commands.{module}"), name)
    return loaded


def _version(wanted: bool) -> None:
    if wanted:
        out(f"reconcile {__version__}\n")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option(_DEBUG, help="Show the traceback of an error; works anywhere.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option(_NO_COLOR, help="Show no colour, as NO_COLOR does; works anywhere.")
    ] = False,
) -> None:
    """Declarative access to Amazon ECR repositories: one file, a plan, only the changes."""


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line for these arguments.

    It has only the command that they begin with, if they do: to load and describe all takes longer
    than a short command takes to run.
    """
    app = typer.Typer(
        name="reconcile",
        help="Declarative access to Amazon ECR repositories.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    first = arguments[0] if arguments else ""
    for name in [first] if first in _COMMANDS else _COMMANDS:
        command = _load(_COMMANDS[name])
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    provide_streams()
    debug = _DEBUG in sys.argv[1:]
    if _NO_COLOR in sys.argv[1:]:
        os.environ["NO_COLOR"] = "1"  # for the progress bar, and what the demo runs, too
    arguments = [argument for argument in sys.argv[1:] if argument not in (_DEBUG, _NO_COLOR)]
    try:
        end_on_signals()
        sys.exit(command_line(arguments)(arguments, standalone_mode=False))
    except BrokenPipeError:
        silence(sys.stdout)
        sys.exit(Exit.FAILED)
    except (Exception, Interrupt) as error:
        code = fail(error, debug=debug, as_json=asks_for_json(arguments))
        raise SystemExit(code) from error
