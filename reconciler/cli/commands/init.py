"""`reconcile init`: write a file to start from."""

from reconciler.cli.files import require_no_stdout
from reconciler.cli.options import DEFAULT_FILE, File, Quiet
from reconciler.cli.terminal import keep_quiet, note
from reconciler.errors import ReconcileError, RefusedError
from reconciler.printable import printable


def init(*, file: File = DEFAULT_FILE, quiet: Quiet = False) -> None:
    """Write a small commented file to start from.

    Never over one that exists.
    """
    from reconciler.access_file.starter import STARTER

    keep_quiet(quiet)
    require_no_stdout("--file", file, "-f FILE names the file to write")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(STARTER)
    except FileExistsError:
        raise RefusedError(
            f"{file} exists and stays as it is", hint="-f FILE writes somewhere else"
        ) from None
    except OSError as error:
        raise ReconcileError(f"{file} can't be written: {error.strerror}") from None
    name = printable(str(file))
    note(f"wrote {name}; next: edit it, then 'reconcile validate' and 'reconcile plan'")
