"""Rules, explained: as text and as JSON."""

from collections.abc import Iterable

from reconciler.model.rules import Rule
from reconciler.printable import printable_json
from reconciler.report.layout import unbroken
from reconciler.report.spans import Paint


def render_rule(rule: Rule, paint: Paint) -> str:
    """Write one rule: description, example and remedy."""
    blocks = [_code("Example", rule.example, paint)]
    if rule.live:
        blocks.append(_code("Live policy of payments/api", rule.live, paint))
    return (
        f"{paint('heading', rule.id)}   {rule.severity} ({', '.join(rule.kinds)})\n\n"
        f"{rule.description}\n\n"
        f"{''.join(blocks)}"
        f"{paint('heading', 'Remedy')}\n"
        f"  {rule.remedy}\n"
    )


def render_rule_list(rules: Iterable[Rule], paint: Paint) -> str:
    """Write one line for each rule: its id, severity and kinds."""
    listed = tuple(rules)
    width = max(len(rule.id) for rule in listed)
    return "".join(
        f"{paint('heading', rule.id)}{' ' * (width - len(rule.id))}   "
        f"{rule.severity:<7}   {', '.join(rule.kinds)}\n"
        for rule in listed
    )


def render_rules_json(rules: Iterable[Rule]) -> str:
    """Write rules as one JSON document."""
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
                    "remedy": rule.remedy,
                }
                for rule in rules
            ]
        }
    )


def _code(title: str, text: str, paint: Paint) -> str:
    lines = "".join(f"  {unbroken(line)}\n" for line in text.splitlines())
    return f"{paint('heading', title)}\n{lines}\n"
