"""The options that messages and hints of the command line name."""

from pathlib import Path

import pytest

from reconciler.cli.option_hints import (
    apply_command,
    hint_of,
    message_of,
    problems_with_options,
)
from reconciler.cli.options import DEFAULT_FILE
from reconciler.cli.results import refusal_views
from reconciler.errors import ArgumentError, ReconcileError, Remedy
from reconciler.model.guards import Allowances
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.checks.guards import Refusal
from reconciler.workflow import validate

APP = Target("team/app", RegistryScope("111122223333", "us-west-2"))


@pytest.mark.parametrize(
    ("refusal", "option"),
    [
        (Refusal("max_revoked", "m", figure=50), "--allow-revocations 50"),
        (Refusal("max_granted", "m", figure=60), "--allow-grants 60"),
        (Refusal("max_granted", "m", figure=60, registry="china"), "--allow-grants 60"),
        (Refusal("public", "m", APP), "--allow-public team/app"),
        (Refusal("empty", "m", APP, 3), "--allow-empty team/app"),
        (Refusal("lock_out", "m", APP), "--allow-lock-out team/app"),
        (Refusal("never", "m", APP), "--allow-never team/app"),
    ],
)
def test_a_refusal_ends_with_the_option_that_allows_it(refusal: Refusal, option: str) -> None:
    (view,) = refusal_views([refusal])
    where = "in china: " if refusal.registry else ""
    assert (view.guard, view.message) == (refusal.guard, f"{where}m; {option} allows it once")


def test_a_saved_plan_is_applied_with_the_options_that_it_was_made_with() -> None:
    plan, file = Path("-plan.json"), Path("a b.yaml")
    command = apply_command(plan, Allowances(), DEFAULT_FILE, None)
    assert command.replace("\xa0", " ") == "reconcile apply ./-plan.json"
    allowed = Allowances(2, 3, frozenset("ba"), frozenset("e"), frozenset("l"), frozenset({"n*"}))
    assert apply_command(plan, allowed, file, "ops").replace("\xa0", " ") == (
        "reconcile apply -f 'a b.yaml' --profile ops --allow-revocations 2 --allow-grants 3 "
        "--allow-public a --allow-public b --allow-empty e --allow-lock-out l "
        "--allow-never 'n*' ./-plan.json"
    )


@pytest.mark.parametrize(
    ("parameter", "option"),
    [("repositories", "--repository"), ("allow_public", "--allow-public")],
)
def test_a_wrong_value_is_named_by_its_option(parameter: str, option: str) -> None:
    assert message_of(ArgumentError(parameter, "x", "no such")) == f"{option} x: no such"


OPTION_OF = {
    Remedy.NAME_ACCESS_FILE: "-f FILE",
    Remedy.NAME_JOURNAL: "--journal PATH",
    Remedy.NAME_EARLIER_VERSION: "--base GIT_REF",
    Remedy.SELECT_FEWER: "--repository GLOB",
    Remedy.SAVE_A_PART: "'reconcile plan --repository GLOB --out PLAN'",
    Remedy.PLAN_AGAIN: "'reconcile plan --out PLAN'",
    Remedy.SHOW_PLAN_SCHEMA: "'reconcile schema plan'",
    Remedy.WRITE_ELSEWHERE: "--format json",
    Remedy.CHECK_AWS_SETTINGS: "--profile",
}


@pytest.mark.parametrize("remedy", Remedy)
def test_each_remedy_has_a_hint_of_the_command_line(remedy: Remedy) -> None:
    error = ReconcileError("m", remedy=remedy)
    assert error.hint == remedy.value
    assert "-" not in remedy.value
    assert OPTION_OF[remedy] in (hint_of(error) or "")


def test_public_access_is_a_problem_with_its_option() -> None:
    file = b"""\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
principals: {who: {public: true}}
repositories: {"tools/*": {access: {who: pull}}}
"""
    (problem,) = problems_with_options(validate(file, "f.yaml").problems)
    assert (problem.hint or "").endswith(
        "{public: {allow: [\"tools/*\"]}}, or pass --allow-public 'tools/*' to each command "
        "that reads the file"
    )


def test_an_empty_file_is_a_problem_with_its_command() -> None:
    (problem,) = problems_with_options(validate(b"", "f.yaml").problems)
    assert problem.hint == "'reconcile init' writes a starter file"
