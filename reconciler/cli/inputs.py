"""The access file of a command: read, checked, and its problems shown."""

import sys
from pathlib import Path

from reconciler.access_file.load import Loaded
from reconciler.cli.files import MAX_ACCESS_FILE, name_of, read_file
from reconciler.cli.option_hints import problems_with_options
from reconciler.cli.terminal import page_of, paint_for, print_message
from reconciler.errors import Remedy
from reconciler.model.guards import Allowances
from reconciler.report.problems import render_problems
from reconciler.workflow import AccessSource, InvalidFileError, load


def read_access_file(file: Path, hint: str | None = None) -> bytes:
    """Read the file; `hint` says where it may be. Raises as `read_file`."""
    remedy = Remedy.NAME_ACCESS_FILE if hint is None else None
    return read_file(file, MAX_ACCESS_FILE, hint=hint, remedy=remedy)


def load_valid(file: Path, allowances: Allowances, *, hint: str | None = None) -> AccessSource:
    """Load a file that must be valid, and show its problems on stderr.

    `hint` says where the file may be. Raises UsageError where there is none, and as `load`.
    """
    try:
        source = load(read_access_file(file, hint), name_of(file), allowances=allowances)
    except InvalidFileError as invalid:
        _show_problems(invalid.checked)
        raise
    _show_problems(source.checked)
    return source


def _show_problems(checked: Loaded) -> None:
    if checked.problems:
        problems = problems_with_options(checked.problems)
        paint = paint_for(sys.stderr)
        told = render_problems(problems, checked.lines, paint, page_of(sys.stderr))
        print_message(told.rstrip("\n"))
