"""Problems of a file as JSON: the answer of `validate --format json`."""

from collections.abc import Sequence

from reconciler.access_file.document.problems import Problem, has_errors
from reconciler.printable import printable_json


def render_problems_json(problems: Sequence[Problem]) -> str:
    """Render `{"valid": …, "problems": […]}`; warnings alone leave a file valid.

    Each problem has `severity`, `rule`, `message`, `path`, `line`, `column` and `hint`, which
    may be null; one with a second place has `other`, too.
    """
    fields = [problem_fields(problem) for problem in problems]
    return printable_json({"valid": not has_errors(problems), "problems": fields})


def problem_fields(problem: Problem) -> dict[str, object]:
    """Give one problem as a JSON object."""
    fields: dict[str, object] = {
        "severity": problem.severity,
        "rule": problem.rule,
        "message": problem.message,
        **problem.place._asdict(),
        "hint": problem.hint,
    }
    if problem.other is not None:
        fields["other"] = problem.other._asdict()
    return fields
