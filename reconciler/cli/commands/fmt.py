"""The command fmt: access files in their canonical layout."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options as opt
from reconciler.cli.exits import exit_of
from reconciler.cli.options import STDIN, a_path, require_one_stdin
from reconciler.cli.outputs import write
from reconciler.cli.terminal import note, out
from reconciler.errors import UsageError
from reconciler.model.guards import Allowances
from reconciler.printable import printable

if TYPE_CHECKING:
    from reconciler.access_file.layout.canonical import Layout
    from reconciler.workflow.file.source import AccessSource


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
    _quiet: opt.Quiet = False,
    allow_public: opt.AllowPublic = None,
) -> None:
    """Write the file in its canonical order and layout.

    Comments, names and values are kept. Files that it includes are formatted, too. A file is
    written only where that changes it, and none is where one is invalid. The result for stdin goes
    to stdout.
    """
    from reconciler.report.file.layout import render_layouts, render_layouts_json
    from reconciler.workflow.file.formatting import format_source

    source = ctx.get_parameter_source("file")
    if files and source is not None and source.name == "COMMANDLINE":
        raise UsageError("-f FILE and FILES: only one of them can be given")
    paths = files or [file]
    require_one_stdin(*paths)
    if STDIN in paths and format_ is not opt.Format.TEXT and not check:
        raise UsageError("--format json: the result for stdin goes to stdout", hint="add --check")
    sources = _load_all(paths, opt.allowances(public=allow_public))
    files_of = _by_path(paths, map(format_source, sources))
    layouts = tuple(files_of.values())
    if not check:
        for path, one in files_of.items():
            _write(path, one)
    if check or format_ is not opt.Format.TEXT:
        write(
            format_,
            partial(render_layouts, layouts),
            json=partial(render_layouts_json, layouts),
        )
    differs = check and not all(one.is_canonical for one in layouts)
    raise typer.Exit(exit_of((), differs=differs))


def _load_all(paths: Sequence[Path], allowances: Allowances) -> Sequence["AccessSource"]:
    """Load all files, and show the problems of each. Raises as `load_valid`, for the first."""
    from reconciler.cli.files import load_valid
    from reconciler.workflow.file.source import InvalidFileError

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


def _by_path(paths: Sequence[Path], files: Iterable[Iterable["Layout"]]) -> Mapping[Path, "Layout"]:
    """Return each file with its real path, in order; one that several others include only once.

    `files` are the layouts of the file at each of `paths`, and of those that it includes.
    """
    found: dict[Path, Layout] = {}
    for path, (main, *included) in zip(paths, files, strict=True):
        found[path if path == STDIN else path.resolve()] = main
        found |= {Path(one.path).resolve(): one for one in included}
    return found


def _write(path: Path, layout: "Layout") -> None:
    """Write the result for stdin to stdout, and that for a file to it if it changes."""
    from reconciler.workflow.file.formatting import write_formatted

    if path == STDIN:
        out(layout.after)
        return
    name = printable(layout.path)
    if layout.is_canonical:
        note(f"{name} is in its canonical layout already")
    else:
        write_formatted(layout, path)
        note(f"{name} was formatted")
