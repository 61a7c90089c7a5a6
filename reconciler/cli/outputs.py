"""A result in its formats: on stdout, and in the files that --write names."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import typer

from reconciler.cli.terminal import OutputError, out, paint_for, show
from reconciler.errors import UsageError
from reconciler.report.text import Paint, plain

TEXT = "text"
"""The format for people, which every command that reports has."""

HTML = "html"

_YAML = {".yaml", ".yml"}


class Output(NamedTuple):
    """A file that a result is written to, beside stdout, and its format."""

    format: str
    path: Path


class Awaited(NamedTuple):
    """The result that a command is to write: on stdout in a format, and to outputs.

    `file` is what the command is about.
    """

    command: str
    file: Path
    format: str
    outputs: tuple[Output, ...]


class _Run:
    """The result of this process's command, until it is written."""

    def __init__(self) -> None:
        self.awaited: Awaited | None = None


_run = _Run()

Renderer = Callable[[], str | Iterator[str]]
"""Returns a result in one format, whole or in pieces."""


def output_parser(formats: type[StrEnum]) -> Callable[[str | Output], Output]:
    """Return a parser of `FORMAT=PATH` for a command that has these formats."""

    def parse(value: str | Output) -> Output:
        if isinstance(value, Output):
            return value
        name, equals, path = value.partition("=")
        if not equals or not path:
            raise typer.BadParameter(f"{value!r} is not FORMAT=PATH")
        if name not in {*formats}:
            raise typer.BadParameter(
                f"{name!r} is not one of {', '.join(repr(one.value) for one in formats)}"
            )
        return Output(name, Path(path))

    return parse


def check_outputs(
    command: str, format_: str, outputs: Sequence[Output] | None, file: Path, *others: Path | None
) -> tuple[Output, ...]:
    """Return the outputs, before any work is done; `take_awaited` has the result from here on.

    `file` is what the command is about, `others` are files that it reads or keeps. Raises
    UsageError where an output can't be written, where two are one file, and where one is of these
    files or an existing YAML file; ReconcileError where the packages for HTML are missing.
    """
    found = tuple(outputs or ())
    if HTML in {format_, *(one.format for one in found)}:
        import reconciler.report.html.page  # noqa: F401, PLC0415 - the others do not need it
    seen = list[Path]()
    for one in found:
        _require_writable(one.path)
        _require_no_input(one.path, (file, *others))
        if not _is_device(one.path):
            if any(_is_same_file(one.path, other) for other in seen):
                raise UsageError(f"--write {one.path}: another --write names the same file")
            seen.append(one.path)
    _run.awaited = Awaited(command, file, format_, found)
    return found


def take_awaited() -> Awaited | None:
    """Return the result that is to be written, once; None where it was, or before it is known."""
    awaited, _run.awaited = _run.awaited, None
    return awaited


def _require_writable(path: Path) -> None:
    if str(path) == "-":
        raise UsageError("--write -: this takes a path", hint="--format is what stdout gets")
    if path.is_dir():
        raise UsageError(f"--write {path}: this is a directory, not a file")
    if not path.parent.is_dir():
        raise UsageError(f"--write {path}: there is no directory {path.parent}")


def _require_no_input(path: Path, files: Iterable[Path | None]) -> None:
    if _is_device(path):
        return
    if any(other is not None and _is_same_file(path, other) for other in files):
        raise UsageError(f"--write {path}: another option or argument names the same file")
    if path.suffix in _YAML and path.exists():  # an included file, which is not known yet
        raise UsageError(f"--write {path}: a YAML file, and no format is YAML; not overwritten")


def _is_same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def write(
    format_: str,
    text: Callable[[Paint], str],
    outputs: Sequence[Output] = (),
    **others: Renderer,
) -> None:
    """Write a result to the outputs, and then to stdout: as text, or as `others` has the format.

    What comes in pieces is written piece by piece. Raises OutputError, after stdout has the result,
    which names each file that can't be written.
    """
    take_awaited()
    tried = [write_output(o, _pieces(o.format, lambda: text(plain), others)) for o in outputs]
    if format_ == TEXT:
        show(text(paint_for(sys.stdout)))
    else:
        for piece in _pieces(format_, lambda: text(plain), others):
            out(piece)
    if failures := [why for why in tried if why]:
        raise OutputError("; ".join(failures))


def _pieces(format_: str, text: Renderer, others: Mapping[str, Renderer]) -> Iterator[str]:
    found = text() if format_ == TEXT else others[format_]()
    yield from [found] if isinstance(found, str) else found


def write_output(output: Output, pieces: Iterable[str]) -> str | None:
    """Write text to an output, and return why it can't be written; None where it was."""
    try:
        with output.path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        return f"{output.path} can't be written: {error.strerror}"
    return None
