"""Saved plans, from the path that a command line names."""

from dataclasses import replace
from pathlib import Path

from reconciler.cli.files import STDIN, name_of, read_file
from reconciler.cli.option_hints import HINTS, as_argument
from reconciler.errors import InvalidError, Remedy
from reconciler.workflow import StoredPlan, read_plan
from reconciler.workflow.saved_plans import MAX_PLAN


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
