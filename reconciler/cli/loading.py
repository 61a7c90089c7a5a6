"""The files of a command, read and checked: the access file and a saved plan."""

import sys
from dataclasses import replace
from pathlib import Path

from reconciler.cli.files import STDIN, name_of, read_access_file, read_file
from reconciler.cli.option_hints import HINTS, as_argument
from reconciler.cli.results import problems_text
from reconciler.cli.terminal import print_message
from reconciler.errors import InvalidError, Remedy
from reconciler.model.guards import Allowances
from reconciler.workflow import AccessSource, InvalidFileError, StoredPlan, load, read_plan
from reconciler.workflow.saved_plans import MAX_PLAN


def load_valid(file: Path, allowances: Allowances, *, hint: str | None = None) -> AccessSource:
    """Load an access file that must be valid, and show its problems on stderr.

    `hint` says where the file may be. Raises UsageError where there is none, and as `load`.
    """
    try:
        source = load(read_access_file(file, hint), name_of(file), allowances=allowances)
    except InvalidFileError as invalid:
        print_message(problems_text(invalid.checked, sys.stderr).rstrip("\n"))
        raise
    if source.checked.problems:
        print_message(problems_text(source.checked, sys.stderr).rstrip("\n"))
    return source


def load_plan(path: Path) -> StoredPlan:
    """Read a saved plan. Raises UsageError where there is none, and as `read_plan`."""
    content = read_file(path, MAX_PLAN, called="plan", remedy=Remedy.PLAN_AGAIN)
    name = name_of(path)
    if path.suffix in {".yaml", ".yml"} and not content.lstrip().startswith(b"{"):
        hint = (
            f"the access file is given with -f {as_argument(str(path))}; {HINTS[Remedy.PLAN_AGAIN]}"
        )
        raise InvalidError(f"{name} is not a reconcile plan", hint=hint)
    stored = read_plan(content, Path(name))
    of_stdin = stored.plan.file_path == name_of(STDIN)
    return replace(stored, origin=STDIN) if of_stdin else stored
