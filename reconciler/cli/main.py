"""The command `reconcile`: its commands, and how every error ends."""

import gc
import os
import sys
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.commands import access, offline, online
from reconciler.cli.commands.adopt import import_
from reconciler.cli.commands.consumer import consumer
from reconciler.cli.commands.demo import demo
from reconciler.cli.commands.handover import handover
from reconciler.cli.commands.sandbox import sandbox
from reconciler.cli.exits import Exit, fail
from reconciler.cli.options import asks_for_json
from reconciler.cli.signals import Interrupt, end_on_signals
from reconciler.cli.terminal import out, provide_streams, silence

_DEBUG = "--debug"
_NO_COLOR = "--no-color"

app = typer.Typer(
    name="reconcile",
    help="Declarative access to Amazon ECR repositories.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(offline.init)
app.command("import")(import_)
app.command("validate")(offline.validate)
app.command("compile")(offline.compile_)
app.command("plan")(online.plan)
app.command("apply")(online.apply)
app.command("drift")(online.drift)
app.command("rollback")(online.rollback)
app.command("compare")(offline.compare)
offline.iam.command("consumer")(consumer)
app.add_typer(access.access, name="access")
app.command("explain")(access.explain)
app.add_typer(offline.iam, name="iam")
app.add_typer(handover, name="handover")
app.command("schema")(offline.schema)
app.command("rule")(offline.rule)
app.command("sandbox")(sandbox)
app.command("demo")(demo)


def _version(wanted: bool) -> None:
    if wanted:
        out(f"reconcile {__version__}\n")
        raise typer.Exit


@app.callback()
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


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    # A command builds large trees without cycles and ends: looking through them again and again
    # for garbage would make its time grow faster than its work (benchmarks/scale.py).
    gc.disable()
    provide_streams()
    end_on_signals()
    debug = _DEBUG in sys.argv[1:]
    if _NO_COLOR in sys.argv[1:]:
        os.environ["NO_COLOR"] = "1"  # for the progress bar, and what the demo runs, too
    arguments = [argument for argument in sys.argv[1:] if argument not in (_DEBUG, _NO_COLOR)]
    try:
        sys.exit(app(arguments, standalone_mode=False))
    except BrokenPipeError:
        silence(sys.stdout)
        sys.exit(Exit.FAILED)
    except (Exception, Interrupt) as error:
        code = fail(error, debug=debug, as_json=asks_for_json(arguments))
        raise SystemExit(code) from error
