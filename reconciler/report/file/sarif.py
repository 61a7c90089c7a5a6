"""SARIF 2.1.0, which code scanning and editors read: a file's problems, and the rules they name.

Source: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", OASIS Standard. Its
objects are plain data here. Of the packages with a model of them, one has had no release since
2019, and the other needs a data validation library; the tests check the result by the schema.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler import __version__
from reconciler.access_file.document.problems import Place, Problem
from reconciler.access_file.document.replacements import Replacement, line_of, replacement_of
from reconciler.model.rules import Rule, RuleId, load_rules
from reconciler.printable import printable, printable_json
from reconciler.report.rules import rule_markdown

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_ROOT_IS = "The directory that the paths of the run are relative to."
_FINGERPRINT = "reconcileProblem/v1"
_IN_URI = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_BRACKET = re.compile(r"[\[\]\\]")
_SENTENCE = re.compile(r".+?\.(?=\s|$)", re.DOTALL)


def render_problems_sarif(problems: Sequence[Problem], lines: Mapping[str, Sequence[str]]) -> str:
    """Render problems as one run, in the order given; `lines` holds each file's, by its path."""
    rules = list(dict.fromkeys(problem.rule for problem in problems))
    driver = {
        "name": "reconcile",
        "semanticVersion": __version__,
        "rules": [_rule(load_rules()[rule]) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": _ROOT_IS}}},
        "results": _results(problems, rules, lines),
    }
    return printable_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, object]:
    first = _SENTENCE.match(rule.description)
    return {
        "id": rule.id,
        "name": rule.id.replace("_", "-").title().replace("-", ""),
        "shortDescription": {"text": first[0] if first else rule.description},
        "fullDescription": {"text": rule.description},
        "help": {"text": f"{rule.description}\n\n{rule.remedy}", "markdown": rule_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(
    problems: Sequence[Problem], rules: Sequence[RuleId], lines: Mapping[str, Sequence[str]]
) -> list[dict[str, object]]:
    seen: Counter[str] = Counter()
    results: list[dict[str, object]] = []
    for problem in problems:
        digest = _digest(problem, lines)
        seen[digest] += 1
        result: dict[str, object] = {
            "ruleId": problem.rule,
            "ruleIndex": rules.index(problem.rule),
            "level": problem.severity,
            "message": {"text": _message(problem)},
            "locations": [_location(problem.place)],
            "partialFingerprints": {_FINGERPRINT: f"{digest}:{seen[digest]}"},
        }
        if problem.other is not None:
            other = {"id": 1, **_location(problem.other), "message": {"text": "see here"}}
            result["relatedLocations"] = [other]
        if problem.hint is not None and (replacement := replacement_of(problem, lines)):
            result["fixes"] = [_fix(problem.hint, replacement)]
        results.append(result)
    return results


def _digest(problem: Problem, lines: Mapping[str, Sequence[str]]) -> str:
    """Return what stays the same where lines above are added: of the rule, and of the line."""
    text = line_of(problem.place, lines).strip()
    content = "\n".join([problem.rule, problem.place.path, text])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _fix(hint: str, replacement: Replacement) -> dict[str, object]:
    place = replacement.place
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.line,
        "endColumn": replacement.end,
    }
    change = {"deletedRegion": region, "insertedContent": {"text": replacement.text}}
    return {
        "description": {"text": _plain(printable(hint))},
        "artifactChanges": [{"artifactLocation": _artifact(place.path), "replacements": [change]}],
    }


def _message(problem: Problem) -> str:
    hint = [] if problem.hint is None else [f"hint: {problem.hint}"]
    return "\n".join(_plain(printable(text)) for text in [problem.message, *hint])


def _plain(text: str) -> str:
    r"""Return a text in which nothing is a placeholder, such as `{0}`, or a link, `[…](…)`.

    The standard doubles every brace. Here only those of a placeholder are: producers commonly write
    the others as they are, and consumers show them so.
    """
    text = _PLACEHOLDER.sub(r"{{\1}}", text)
    return _BRACKET.sub(r"\\\g<0>", text) if "](" in text else text


def _location(place: Place) -> dict[str, object]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.path),
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }


def _artifact(path: str) -> dict[str, str]:
    """Return where a file is: by its path from the root, or by an address if that is absolute."""
    encoded = "".join(
        chr(byte) if byte in _IN_URI else f"%{byte:02X}"
        for byte in path.encode("utf-8", "surrogateescape")
    )
    return (
        {"uri": f"file://{encoded}"}
        if path.startswith("/")
        else {"uri": encoded, "uriBaseId": _ROOT}
    )
