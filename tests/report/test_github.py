"""Annotations of GitHub Actions: one line each, whatever their texts hold."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document.problems import Place, Problem, Severity
from reconciler.model.rules import RuleId
from reconciler.report.github import render_problems_github, workflow_command

_COMMAND = re.compile(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)\n")


def test_a_problem_annotates_its_line() -> None:
    problem = Problem(
        RuleId.UNKNOWN_TIER,
        "error",
        "'pulll' is not a tier",
        Place("access.d/payments,api.yaml", 12, 7),
        hint="did you mean 'pull'?",
        other=Place("ecr_access.yaml", 3, 1),
    )
    assert render_problems_github([problem]) == (
        "::error file=access.d/payments%2Capi.yaml,line=12,col=7,title=unknown-tier::"
        "'pulll' is not a tier%0Asee ecr_access.yaml:3:1%0Ahint: did you mean 'pull'?\n"
    )


def test_problems_that_would_not_be_shown_are_counted() -> None:
    def of(severity: Severity, number: int) -> list[Problem]:
        return [
            Problem(RuleId.UNKNOWN_TIER, severity, "no", Place("a.yaml", line + 1, 1))
            for line in range(number)
        ]

    shown = render_problems_github([*of("warning", 10), *of("error", 300)]).splitlines()
    assert [line.split(" ")[0] for line in shown] == ["::error"] * 10 + ["::warning"] * 10
    assert shown[8].startswith("::error file=a.yaml,line=9,")
    assert shown[9].startswith("::error file=a.yaml,title=291 more::291 more annotations are left")
    assert shown[19].startswith("::warning file=a.yaml,line=10,")


@given(st.text(), st.text())
def test_any_text_stays_in_one_command(message: str, title: str) -> None:
    command = workflow_command("notice", message, {"file": "a.yaml", "title": title})
    found = _COMMAND.fullmatch(command)
    assert found is not None
    assert "::" not in found[2]
    assert found[2].count(",") == 1
