"""`reconcile rule`: explains the rule that a message names."""

import json

from reconciler.model.rules import RuleId, load_rules
from tests.cli.conftest import Reconcile


def test_one_rule_as_text(offline: Reconcile) -> None:
    done = offline("rule", "deny-removed")
    rule = load_rules()[RuleId.DENY_REMOVED]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("deny-removed   warning (risk)\n\n")
    example = "".join(f"  {line}\n" for line in rule.example.splitlines())
    live = "".join(f"  {line}\n" for line in (rule.live or "").splitlines())
    for part in (rule.description, example, live, rule.remedy):
        assert part
        assert part in done.out


def test_all_rules_as_text(offline: Reconcile) -> None:
    done = offline("rule")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(RuleId)
    assert "\nunused-tier                   warning   problem\n" in done.out


def test_json(offline: Reconcile) -> None:
    (one,) = json.loads(offline("rule", "deny-removed", "--format", "json").out)["rules"]
    rule = load_rules()[RuleId.DENY_REMOVED]
    assert one == {
        "rule": "deny-removed",
        "kinds": ["risk"],
        "severity": "warning",
        "description": rule.description,
        "example": rule.example,
        "live": rule.live,
        "registry_policy": None,
        "remedy": rule.remedy,
    }
    every = json.loads(offline("rule", "--format", "json").out)["rules"]
    assert [each["rule"] for each in every] == list(RuleId)
    assert one in every


def test_an_unknown_rule(offline: Reconcile) -> None:
    done = offline("rule", "ded-principal")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "error: unknown rule: ded-principal\nhint: did you mean 'dead-principal'?\n"
    )
    failed = offline("rule", "\x1b[31m", "--format", "json")
    assert failed.code == json.loads(failed.out)["error"]["exit_code"] == 3
    assert json.loads(failed.out)["error"]["hint"] == "'reconcile rule' lists all rules"
    assert "\x1b" not in failed.err + failed.out
