"""What each rule is about: its kinds, its severity, why it exists, an example and a remedy."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from reconciler.model.rule_ids import RuleId

Kind = Literal["problem", "finding", "risk", "refusal", "error"]
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `severity` is the highest of its kinds: an `error` makes the file invalid, or the run is
    refused or fails. `example` is a part of a file, or commands that begin with `$`; `…` marks
    what it leaves out. `live` is the live policy that belongs to the example, None where none does.
    """

    id: RuleId
    kinds: tuple[Kind, ...]
    severity: Severity
    description: str
    example: str
    remedy: str
    live: str | None = None


@cache
def load_rules() -> Mapping[RuleId, Rule]:
    """Return all rules, in the order of `RuleId`."""
    text = (files("reconciler.model") / "rules.toml").read_text(encoding="utf-8")
    return {
        RuleId(name): Rule(RuleId(name), tuple(table.pop("kinds")), **table)
        for name, table in tomllib.loads(text).items()
    }
