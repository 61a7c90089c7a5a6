"""`reconcile validate`: check the file, offline."""

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import DEFAULT_FILE, AllowPublic, File, Format, OutputFormat, Quiet


def validate(
    *,
    file: File = DEFAULT_FILE,
    format_: OutputFormat = Format.TEXT,
    quiet: Quiet = False,
    allow_public: AllowPublic = None,
) -> None:
    """Check the file: shape, names, guards, sizes."""
    from reconciler.cli.load import check, read_access_file
    from reconciler.cli.show_problems import show_problems
    from reconciler.cli.terminal import keep_quiet

    keep_quiet(quiet)
    loaded = check(file, read_access_file(file), allow_public=allow_public or ())
    show_problems(file, loaded, format_)
    raise typer.Exit(Exit.DONE if loaded.access is not None else Exit.INVALID)
