"""A desired policy with the lines of the file behind each statement, as text and JSON."""

import json
from collections.abc import Iterable

from reconciler.access_file.explain import ExplainedLine, Explanation
from reconciler.printable import printable_json, printable_value
from reconciler.report.spans import Line, Paint, Span, render


def render_explanation(explanation: Explanation, paint: Paint) -> str:
    """Render each statement as JSON below the lines that ask for it."""
    return render(_lines(explanation), paint)


def render_explanation_json(explanation: Explanation) -> str:
    """Render `{"repository", "policy", "statements": [{"sid", "lines"}], "expired"}`."""
    statements = [dict(one.json) for one in explanation.statements]
    policy = {"Version": explanation.version, "Statement": statements} if statements else None
    lines = [
        {"sid": one.json.get("Sid"), "lines": _lines_json(one.lines)}
        for one in explanation.statements
    ]
    document = {
        "repository": explanation.repository,
        "policy": policy,
        "statements": printable_value(lines),
        "expired": printable_value(_lines_json(explanation.expired)),
    }
    return printable_json(document)


def _lines(explanation: Explanation) -> Iterable[Line]:
    yield (Span(explanation.repository, "heading"),)
    if not explanation.statements:
        yield ("  no policy: nothing gives access",)
    for one in explanation.statements:
        yield ("",)
        yield from (_comment(line, explanation.repository) for line in one.lines)
        for text in json.dumps(one.json, indent=2, ensure_ascii=False).split("\n"):
            yield "  ", text
    if explanation.expired:
        yield ("",)
    for line in explanation.expired:
        yield (*_comment(line, explanation.repository), "  (expired)")


def _comment(explained: ExplainedLine, repository: str) -> Line:
    line, tier = explained
    what = f"{line.key}: {tier}" if tier else "statement"
    pattern = f"  (pattern {line.entry})" if line.entry != repository else ""
    return (Span(f"  # {line.path}:{line.line}", "faint"), "  ", what, pattern)


def _lines_json(lines: Iterable[ExplainedLine]) -> list[dict[str, object]]:
    return [{**line._asdict(), "tier": tier} for line, tier in lines]
