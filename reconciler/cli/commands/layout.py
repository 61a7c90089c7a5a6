"""The command fmt: access files in their canonical layout."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import STDIN, a_path, require_one_stdin
from reconciler.cli.outputs import write
from reconciler.cli.terminal import keep_quiet, note, out
from reconciler.errors import UsageError
from reconciler.model.guards import Allowances
from reconciler.printable import printable

if TYPE_CHECKING:
    from reconciler.access_file.layout.canonical import Layout
    from reconciler.workflow.source import AccessSource


def fmt(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", parser=a_path, help="Access files, in place of -f."),
    ] = None,
    *,
    file: opt.File = opt.DEFAULT_FILE,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit 4 with a diff where fmt would."),
    ] = False,
    format_: opt.OutputFormat = opt.Format.TEXT,
    quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Write the file, and what it includes, in canonical order and layout.

    Comments, names and values are kept. A file is written only where that changes it, and none is
    where one is invalid. The result for stdin goes to stdout.
    """
    from reconciler.report.layout import render_layouts, render_layouts_json
    from reconciler.workflow.formatting import format_source

    keep_quiet(quiet)
    source = ctx.get_parameter_source("file")
    if files and source is not None and source.name == "COMMANDLINE":
        raise UsageError("-f FILE and FILES: only one of them can be given")
    require_one_stdin(*(files or [file]))
    paths = tuple(dict.fromkeys(files or [file]))
    if STDIN in paths and format_ is not opt.Format.TEXT and not check:
        raise UsageError("--format json: the result for stdin goes to stdout", hint="add --check")
    sources = _load_all(paths, opt.allowances(public=allow_public))
    layouts: dict[Path, Layout] = {}
    for path, loaded in zip(paths, sources, strict=True):
        main, *included = format_source(loaded)
        layouts.setdefault(STDIN if path == STDIN else path.resolve(), main)
        for one in included:
            layouts.setdefault(Path(one.path).resolve(), one)
    if not check:
        for path, one in layouts.items():
            _write(path, one)
    shown = tuple(layouts.values())
    if check or format_ is not opt.Format.TEXT:
        write(
            format_,
            partial(render_layouts, shown),
            json=partial(render_layouts_json, shown),
        )
    differs = check and not all(one.is_canonical for one in shown)
    raise typer.Exit(exit_of((), differs=differs))


def _load_all(paths: Sequence[Path], allowances: Allowances) -> Sequence["AccessSource"]:
    """Load all files, and show the problems of each. Raises as `load_valid`, for the first."""
    from reconciler.cli.files import load_valid
    from reconciler.workflow.source import InvalidFileError

    sources: list[AccessSource] = []
    invalid: list[InvalidFileError] = []
    for path in paths:
        try:
            sources.append(load_valid(path, allowances))
        except InvalidFileError as error:
            invalid.append(error)
    if invalid:
        raise invalid[0]
    return sources


def _write(file: Path, layout: "Layout") -> None:
    """Write the result for stdin to stdout, and that for a file to it if it changes."""
    from reconciler.workflow.formatting import write_formatted

    if file == STDIN:
        out(layout.after)
        return
    name = printable(layout.path)
    if layout.is_canonical:
        note(f"{name} is in its canonical layout already")
    else:
        write_formatted(layout, file)
        note(f"{name} was formatted")
