"""The files of a command, read and checked: the access file, a saved plan, policy documents."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import report
from reconciler.access_file.load import Loaded
from reconciler.access_file.rules_file import RulesFile
from reconciler.cli.option_hints import HINTS, as_argument, problems_with_options
from reconciler.cli.options import (
    STDIN,
    ProblemFormat,
    file_of,
    name_of,
    require_one_stdin,
    stdin_of,
)
from reconciler.cli.outputs import Output, write
from reconciler.cli.terminal import page_of, paint_for, print_message
from reconciler.errors import InvalidError, Remedy, UsageError
from reconciler.model.guards import Allowances
from reconciler.report.file.problems import render_problems, render_problems_json, render_verdict
from reconciler.report.github import render_problems_github
from reconciler.workflow.file.included import MAX_BYTES
from reconciler.workflow.file.source import AccessSource, InvalidFileError, load, read_file

if TYPE_CHECKING:
    from reconciler.workflow import EarlierVersion, StoredPlan


def read_access_file(path: Path, hint: str | None = None) -> bytes:
    """Read an access file; `hint` says where it may be. Raises as `read_input`."""
    return read_input(path, hint=hint, remedy=Remedy.NAME_ACCESS_FILE)


def read_input(
    path: Path,
    most: int = MAX_BYTES,
    *,
    called: str = "file",
    hint: str | None = None,
    remedy: Remedy | None = None,
) -> bytes:
    """Read a file of at most `most` bytes; `-` is stdin. Raises as `workflow.source.read_file`."""
    name, opened = Path(name_of(path)), stdin_of(path)
    return read_file(name, most, opened=opened, called=called, hint=hint, remedy=remedy)


def read_rules(paths: Iterable[Path] | None) -> tuple[RulesFile, ...]:
    """Read rules files, each once; `-` is stdin. Raises as `read_input`."""
    return tuple(
        RulesFile(name_of(path), read_input(path, called="rules file"))
        for path in dict.fromkeys(paths or ())
    )


def load_valid(
    path: Path,
    allowances: Allowances,
    registries: Collection[str] | None = None,
    *,
    rules: Collection[Path] | None = None,
    hint: str | None = None,
) -> AccessSource:
    """Load an access file that must be valid, and show its problems on stderr.

    `registries` limits it to these, `rules` are rules files, `hint` says where the file may be.
    Raises UsageError where there is no such file, and where several are stdin; also as `load` and
    `limited_to`.
    """
    require_one_stdin(path, *(rules or ()))
    try:
        content, more = read_access_file(path, hint), read_rules(rules)
        source = load(content, name_of(path), file=file_of(path), allowances=allowances, rules=more)
    except InvalidFileError as invalid:
        _print_problems(invalid.checked)
        raise
    _print_problems(source.checked)
    return source.limited_to(registries or ())


def load_earlier(
    path: Path, source: AccessSource, *revisions: str | None
) -> Mapping[str | None, "EarlierVersion"]:
    """Load an access file as it was at git revisions, each once; nothing for no revision (None).

    Raises UsageError where the file is stdin, and as `at_revision`.
    """
    named = dict.fromkeys(one for one in revisions if one is not None)
    if not named:
        return {}
    if path == STDIN:
        raise UsageError(
            "the access file is stdin, which has no earlier version", hint="name the file with -f"
        )
    from reconciler.workflow.file.revisions import at_revision  # noqa: PLC0415 - costs

    return {revision: at_revision(source, revision) for revision in named}


def load_plan(path: Path) -> "StoredPlan":
    """Read a saved plan. Raises UsageError where there is none, and as `read_plan`."""
    from reconciler.workflow.plans.saved_plans import MAX_PLAN, read_plan  # noqa: PLC0415 - costs

    content = read_input(path, MAX_PLAN, called="plan", remedy=Remedy.PLAN_AGAIN)
    name = name_of(path)
    if path.suffix in {".yaml", ".yml"} and not content.lstrip().startswith(b"{"):
        hint = f"the access file is given with -f {as_argument(str(path))}"
        raise InvalidError(
            f"{name} is not a reconcile plan", hint=f"{hint}; {HINTS[Remedy.PLAN_AGAIN]}"
        )
    stored = read_plan(content, Path(name))
    of_stdin = stored.plan.file_path == name_of(STDIN)
    return replace(stored, origin=STDIN) if of_stdin else stored


def show_problems(
    path: Path, checked: Loaded, format_: ProblemFormat, outputs: Sequence[Output] = ()
) -> None:
    """Write a file's problems, and whether it is valid."""
    problems = problems_with_options(checked.problems)
    write(
        format_,
        lambda paint: (
            render_problems(problems, checked.lines, paint, page_of(sys.stdout))
            + render_verdict(name_of(path), problems, paint)
        ),
        outputs,
        json=lambda: render_problems_json(problems),
        github=lambda: render_problems_github(problems),
        sarif=lambda: report.render_problems_sarif(problems, checked.lines),
        junit=lambda: report.render_problems_junit(name_of(path), problems, checked.lines),
    )


def _print_problems(checked: Loaded) -> None:
    if checked.problems:
        problems, stream = problems_with_options(checked.problems), sys.stderr
        print_message(render_problems(problems, checked.lines, paint_for(stream), page_of(stream)))
