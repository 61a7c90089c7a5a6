"""A desired policy with the lines of the file behind each statement, as text and JSON."""

import json
from collections.abc import Iterable, Sequence

from reconciler.access_file.explain import ExplainedLine, ExplainedStatement, Explanation
from reconciler.model.answers import with_place
from reconciler.printable import printable_json, printable_value
from reconciler.report.questions.answers import place_json
from reconciler.report.text import Line, Paint, Span, render


def render_explanations(explanations: Sequence[Explanation], paint: Paint) -> str:
    """Render each statement as JSON below the lines that ask for it.

    Those of the registry's own policy stand under a heading of their own.
    """
    first, *others = explanations
    lines = [*_lines(first)]
    for other in others:
        lines += [("",), *_lines(other)]
    return render(lines, paint)


def render_explanations_json(explanations: Sequence[Explanation]) -> str:
    """Render `{"repository", "policy", "statements": [{"sid", "lines"}], …, "expired"}`.

    `registry_policies` has, for each region, `{"region", "policy", "statements"}`. Where registries
    or regions differ, it is `{"explanations": […]}`, each with its `registry`, `account` and
    `region`, as answers have them.
    """
    if len(explanations) == 1 and not explanations[0].place:
        return printable_json(_json(explanations[0]))
    return printable_json({"explanations": [_json(one) for one in explanations]})


def _json(explanation: Explanation) -> dict[str, object]:
    return {
        "repository": explanation.repository,
        **place_json(explanation.registry, explanation.region),
        **_policy_json(explanation.version, explanation.statements),
        "registry_policies": [
            {"region": one.region, **_policy_json(one.version, one.statements)}
            for one in explanation.registry_policies
        ],
        "expired": printable_value(_lines_json(explanation.expired)),
    }


def _policy_json(
    version: str | None, statements: Sequence[ExplainedStatement]
) -> dict[str, object]:
    lines = [{"sid": one.json.get("Sid"), "lines": _lines_json(one.lines)} for one in statements]
    document = {"Version": version, "Statement": [dict(one.json) for one in statements]}
    return {"policy": document if statements else None, "statements": printable_value(lines)}


def _lines(explanation: Explanation) -> Iterable[Line]:
    yield (Span(with_place(explanation.repository, explanation.place), "heading"),)
    if not explanation.statements:
        of_its_own = " of its own" if explanation.registry_policies else ": nothing gives access"
        yield (f"  no policy{of_its_own}",)
    yield from _statements(explanation.statements, explanation.repository)
    of_each = len(explanation.registry_policies) > 1
    for policy in explanation.registry_policies:
        region = f" ({policy.region})" if of_each else ""
        yield ("",)
        yield (Span(f"in the registry's policy{region}:", "heading"),)
        yield from _statements(policy.statements, explanation.repository)
    if explanation.expired:
        yield ("",)
    for line in explanation.expired:
        yield (*_comment(line, explanation.repository), "  (expired)")


def _statements(statements: Iterable[ExplainedStatement], repository: str) -> Iterable[Line]:
    for one in statements:
        yield ("",)
        yield from (_comment(line, repository) for line in one.lines)
        for text in json.dumps(one.json, indent=2, ensure_ascii=False).split("\n"):
            yield "  ", text


def _comment(explained: ExplainedLine, repository: str) -> Line:
    line, tier = explained
    what = f"{line.key}: {tier}" if tier else "statement"
    pattern = f"  (pattern {line.entry})" if line.entry not in {None, repository} else ""
    return (Span(f"  # {line.path}:{line.line}", "faint"), "  ", what, pattern)


def _lines_json(lines: Iterable[ExplainedLine]) -> list[dict[str, object]]:
    return [
        {"path": one.path, "line": one.line, "entry": one.entry, "key": one.key, "tier": tier}
        for one, tier in lines
    ]
