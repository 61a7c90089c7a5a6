"""A run without a result: what stands in place of a plan, of drift or of outcomes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import Problem
from reconciler.report.comment import Rank, fit_comment, folded_json, marker, table
from reconciler.report.file.problems import render_failure_json, render_problems
from reconciler.report.github import Annotation, annotations, render_problems_github
from reconciler.report.markdown import markdown_code, markdown_words
from reconciler.report.text import plain, render

_ELSEWHERE = "The log has all problems."


class FailedRun(NamedTuple):
    """Why a run failed: the message, the hint and the exit code that the user is shown.

    `path` is the file that the run is about. `problems` are those of an invalid file, and `lines`
    the lines of each file that they are in, by its path.
    """

    command: str
    path: str
    message: str
    hint: str | None
    exit_code: int
    problems: Sequence[Problem] = ()
    lines: Mapping[str, Sequence[str]] = {}

    @property
    def _words(self) -> str:
        return self.message if self.hint is None else f"{self.message}; {self.hint}"

    def in_format(self, format_: str) -> str:
        """Return what stands in place of the result; nothing in a format that can't have it."""
        match format_:
            case "text":
                return self._as_text()
            case "json":
                return self._as_json()
            case "markdown":
                return self._as_markdown()
            case "github":
                return self._as_github()
        return ""

    def _as_json(self) -> str:
        """Return the document that stands in place of the result's."""
        return render_failure_json(self.message, self.hint, self.exit_code, self.problems)

    def _as_text(self) -> str:
        """Return what stderr has."""
        said = [(f"error: {self.message}",)]
        said += [] if self.hint is None else [(f"hint: {self.hint}",)]
        return render_problems(self.problems, self.lines, plain) + render(said, plain)

    def _as_github(self) -> str:
        """Return annotations of the problems; of another failure, one of the file."""
        if self.problems:
            return render_problems_github(self.problems)
        return "".join(annotations("error", [Annotation(self.path, self.command, self._words)]))

    def _as_markdown(self) -> str:
        """Return a comment of the run's marker, in place of an earlier one."""
        rows = (
            (
                f"{one.severity} {markdown_code(one.rule)}",
                markdown_code(f"{one.place.path}:{one.place}"),
                markdown_words(one.message if one.hint is None else f"{one.message}; {one.hint}"),
            )
            for one in self.problems
        )
        problems = table(
            "Problems", ("problem", "where", "what"), rows, Rank.PROBLEM, ("problem", "problems")
        )
        ended = f"`reconcile {self.command}` failed with exit code {self.exit_code}"
        head = f"{marker(self.command, self.path)}\n❌ {ended}: {markdown_words(self._words)}\n"
        return fit_comment(head, [problems], folded_json([self._as_json()]), _ELSEWHERE)
