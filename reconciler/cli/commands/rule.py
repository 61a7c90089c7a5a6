"""`reconcile rule`: explain a rule that a message names."""

import sys
from typing import Annotated

import typer

from reconciler.cli.options import Format, OutputFormat
from reconciler.cli.terminal import out, paint_for, show
from reconciler.model.rule_ids import RuleId


def rule(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE",
            autocompletion=lambda: list(RuleId),
            help="A rule's id; without it, all are listed.",
        ),
    ] = None,
    *,
    format_: OutputFormat = Format.TEXT,
) -> None:
    """Explain a rule: why it exists, an example, and what to do.

    A rule is what a message of validate, plan, apply, drift or rollback names: a problem, a
    finding, a risk, a refusal or an error.
    """
    from reconciler.model.rules import load_rules
    from reconciler.report.rules import render_rule, render_rule_list, render_rules_json

    rules = load_rules()
    selected = list(rules.values()) if name is None else [rules[_rule_id(name)]]
    if format_ is Format.JSON:
        out(render_rules_json(selected))
    elif name is None:
        show(render_rule_list(selected, paint_for(sys.stdout)))
    else:
        show(render_rule(selected[0], paint_for(sys.stdout)))


def _rule_id(name: str) -> RuleId:
    """Return the id of this name. Raises InvalidError if there is none."""
    from reconciler.access_file.document.problems import did_you_mean
    from reconciler.errors import InvalidError

    try:
        return RuleId(name)
    except ValueError:
        hint = did_you_mean(name, RuleId) or "'reconcile rule' lists all rules"
        raise InvalidError(f"unknown rule: {name}", hint=hint) from None
