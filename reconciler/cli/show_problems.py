"""Show what is wrong with a file, in the format that was asked for."""

import sys
from pathlib import Path

from reconciler.access_file.load import Loaded
from reconciler.cli.files import name_of
from reconciler.cli.options import Format
from reconciler.cli.terminal import out, page_of, paint_for, show
from reconciler.report.problems import render_problems, render_problems_json, render_verdict


def show_problems(file: Path, loaded: Loaded, format_: Format) -> None:
    """Write the problems, and whether the file is valid, to stdout."""
    if format_ is Format.JSON:
        out(render_problems_json(loaded.problems))
        return
    paint = paint_for(sys.stdout)
    show(render_problems(loaded.problems, loaded.lines, paint, page_of(sys.stdout)))
    show(render_verdict(name_of(file), loaded.problems, paint))
