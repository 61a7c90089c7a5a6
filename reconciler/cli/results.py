"""The result of a command, written in the format that was asked for."""

import sys
from collections.abc import Callable
from typing import TextIO

from reconciler.access_file.load import Loaded
from reconciler.cli.option_hints import problems_with_options
from reconciler.cli.options import Format, PageFormat
from reconciler.cli.terminal import out, page_of, paint_for, show
from reconciler.report.problems import render_problems, render_problems_json, render_verdict
from reconciler.report.spans import Paint


def write(
    format_: Format | PageFormat,
    as_json: Callable[[], str] | None,
    as_text: Callable[[Paint], str],
    as_html: Callable[[], str] | None = None,
) -> bool:
    """Write a result to stdout, and return whether that was text; without `as_json`, only text."""
    if format_ == Format.TEXT:
        show(as_text(paint_for(sys.stdout)))
        return True
    render = as_html if format_ == PageFormat.HTML else as_json
    if render is not None:
        out(render())
    return False


def problems_text(checked: Loaded, stream: TextIO) -> str:
    """Return a file's problems as text for a stream."""
    problems = problems_with_options(checked.problems)
    return render_problems(problems, checked.lines, paint_for(stream), page_of(stream))


def show_problems(path: str, checked: Loaded, format_: Format) -> None:
    """Write a file's problems, and whether it is valid."""
    write(
        format_,
        lambda: render_problems_json(problems_with_options(checked.problems)),
        lambda paint: (
            problems_text(checked, sys.stdout) + render_verdict(path, checked.problems, paint)
        ),
    )
