"""Rules, explained: as text, as JSON and as Markdown."""

from collections.abc import Iterable

from reconciler.model.rules import Rule
from reconciler.printable import printable_json
from reconciler.report.text import Line, Paint, Span, render


def render_rule(rule: Rule, paint: Paint) -> str:
    """Render one rule: description, example and remedy."""
    return render(_rule_lines(rule), paint)


def render_rule_list(rules: Iterable[Rule], paint: Paint) -> str:
    """Render one line for each rule: its id, severity and kinds."""
    listed = tuple(rules)
    width = max(len(rule.id) for rule in listed)
    return render((_summary(rule, width) for rule in listed), paint)


def render_rules_json(rules: Iterable[Rule]) -> str:
    """Render rules as one JSON document."""
    return printable_json(
        {
            "rules": [
                {
                    "rule": rule.id,
                    "kinds": rule.kinds,
                    "severity": rule.severity,
                    "description": rule.description,
                    "example": rule.example,
                    "live": rule.live,
                    "registry_policy": rule.registry_policy,
                    "remedy": rule.remedy,
                }
                for rule in rules
            ]
        }
    )


def rule_markdown(rule: Rule) -> str:
    """Return a rule's description, example and remedy as Markdown."""
    language = "console" if rule.example.startswith("$ ") else "yaml"
    policies = {"Live policy of `payments/api`": rule.live}
    policies["Live policy of the registry"] = rule.registry_policy
    live = "".join(
        f"\n{title}:\n\n```json\n{policy}```\n" for title, policy in policies.items() if policy
    )
    return (
        f"{rule.severity} ({', '.join(rule.kinds)}). {rule.description}\n\n"
        f"```{language}\n{rule.example}```\n{live}\n"
        f"Remedy: {rule.remedy}\n"
    )


def _rule_lines(rule: Rule) -> Iterable[Line]:
    yield Span(rule.id, "heading"), f"   {rule.severity} ({', '.join(rule.kinds)})"
    yield from ((), (rule.description,), ())
    yield from _code("Example", rule.example)
    if rule.live:
        yield from _code("Live policy of payments/api", rule.live)
    if rule.registry_policy:
        yield from _code("Live policy of the registry", rule.registry_policy)
    yield (Span("Remedy", "heading"),)
    yield "  ", rule.remedy


def _code(title: str, text: str) -> Iterable[Line]:
    yield (Span(title, "heading"),)
    yield from (("  ", Span(line, code=True)) for line in text.splitlines())
    yield ()


def _summary(rule: Rule, width: int) -> Line:
    space = " " * (width - len(rule.id))
    kinds = ", ".join(rule.kinds)
    return Span(rule.id, "heading"), f"{space}   {rule.severity:<7}   {kinds}"
