"""Why a command failed, as JSON: written to stdout in place of the result."""

from collections.abc import Sequence

from reconciler.access_file.document.problems import Problem
from reconciler.printable import printable, printable_json
from reconciler.report.problems_json import problem_fields


def render_failure_json(
    message: str, hint: str | None, exit_code: int, problems: Sequence[Problem] = ()
) -> str:
    """Render `{"error": {"message", "hint", "exit_code"}}`; `hint` may be null.

    For an invalid file its `problems` stand beside `error`, as validate gives them.
    """
    shown = None if hint is None else printable(hint)
    document: dict[str, object] = {
        "error": {"message": printable(message), "hint": shown, "exit_code": exit_code}
    }
    if problems:
        document["problems"] = [problem_fields(problem) for problem in problems]
    return printable_json(document)
