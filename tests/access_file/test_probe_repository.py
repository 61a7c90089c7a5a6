"""`registry.probe_repository`: declared, and out of sight of all entries."""

import pytest

from reconciler.access_file.desired import desired_policies, managed_names, patterns_without_match
from tests.access_file.files import NOW, load, rules, valid

HEAD = """\
version: 1
registry: {{account: "111122223333", regions: [us-west-2], probe_repository: {}}}
"""
PROBE = "scratch/probe"
ACCESS = valid(
    'repositories:\n  "scratch/*": {access: {"444455556666": pull}}\n'
    '  "*/probe": {access: {"444455556666": pull}}\n',
    head=HEAD.format(PROBE),
)


def test_it_is_part_of_the_registry() -> None:
    assert ACCESS.registry.probe_repository == PROBE
    assert valid("repositories: {}\n").registry.probe_repository is None


def test_patterns_leave_it_out() -> None:
    live = ["scratch/other", PROBE]
    assert managed_names(ACCESS, live) == ("scratch/other",)
    wanted = desired_policies(ACCESS, live, now=NOW)
    assert [one.repository for one in wanted] == ["scratch/other"]


def test_a_pattern_that_matches_only_it_matches_nothing() -> None:
    idle = patterns_without_match(ACCESS, ["scratch/other", PROBE])
    assert [entry.repository for entry in idle] == ["*/probe"]


def test_no_entry_may_be_about_it() -> None:
    loaded = load(f"repositories:\n  other/probe: {{}}\n  {PROBE}: {{}}\n", head=HEAD.format(PROBE))
    (problem,) = loaded.problems
    assert problem.rule == "probe-repository-in-use"
    assert problem.place.line == 2
    assert problem.other is not None
    assert problem.other[1:] == (5, 3)


@pytest.mark.parametrize("name", ['"scratch/*"', "a?", "Scratch", "a", "x:latest", '""'])
def test_it_is_the_name_of_one_repository(name: str) -> None:
    loaded = load("repositories: {}\n", head=HEAD.format(name))
    assert rules(loaded) == ["bad-repository-name"]


def test_it_is_text() -> None:
    assert rules(load("repositories: {}\n", head=HEAD.format("[a/b]"))) == ["wrong-type"]
