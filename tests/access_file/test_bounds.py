"""Hostile sizes: what a file may hold in thousands, and still be read in moderate time.

Nothing is timed: each case is large enough to take minutes where its cost grows with the square.
"""

import pytest

from reconciler.access_file.load import Loaded
from reconciler.access_file.sections.tiers import sort_by_use
from tests.access_file.files import (
    NOW,
    ONE_REPOSITORY,
    load,
    load_access,
    of_principal,
    only,
    rules,
)


def test_hints_end_once_a_file_has_had_enough_of_them() -> None:
    names = "".join(f'  team-{n}: "{n:012}"\n' for n in range(5_000))
    access = "".join(f"      taem-{n}: pull\n" for n in range(2_000))
    loaded = load(f"accounts:\n{names}repositories:\n  tools/one:\n    access:\n{access}")
    assert len(loaded.problems) == 2_000
    meant = [problem for problem in loaded.problems if "did you mean" in (problem.hint or "")]
    assert 0 < len(meant) < 10


def test_the_tiers_are_not_all_listed() -> None:
    tiers = "".join(f"  t{n}: {{extends: pull}}\n" for n in range(500))
    loaded = load(f"tiers:\n{tiers}" + ONE_REPOSITORY.replace("who: pull", "who: nonsense"))
    (problem,) = (problem for problem in loaded.problems if problem.rule == "unknown-tier")
    assert (problem.hint or "").endswith("and 494 more")


def test_regions_are_few_and_each_once() -> None:
    def regions(written: str) -> Loaded:
        head = f'version: 1\nregistry: {{account: "111122223333", regions: [{written}]}}\n'
        return load_access(f"{head}repositories: {{}}\n".encode(), "f.yaml", now=NOW)

    many = ", ".join([f"us-west-{n}" for n in range(10, 51)])
    assert "41 items, and 40 at most" in only(regions(many)).message
    assert only(regions("us-west-2, us-west-1, us-west-2")).other is not None
    assert only(regions("&here us-west-2, *here")).rule == "bad-value"
    assert "bad-value" in rules(regions(", ".join(["us-west-2", "1", "[]"] * 5_000)))


MANY = 20_000
TWO = 'registries: [{name: a, account: "111122223333", regions: [us-west-2]}]\n'


@pytest.mark.parametrize(
    ("registries", "entry"),
    [
        (f"registries: [{', '.join(['null'] * MANY)}]\n", ""),
        (f'registry: {{account: "111122223333", regions: [{"us-west-2, " * MANY}]}}\n', ""),
        (TWO, f"regions: [{'us-west-2, ' * MANY}]"),
        (TWO, f"registries: [{'b, ' * MANY}]"),
    ],
)
def test_a_list_that_is_too_long_is_one_problem(registries: str, entry: str) -> None:
    text = f"version: 1\n{registries}repositories: {{a/b: {{access: {{}}, {entry}}}}}\n"
    assert "too long" in only(load_access(text.encode(), "f.yaml", now=NOW)).message


def test_a_repository_pattern_has_few_wildcards() -> None:
    repositories = "repositories: {{'{}': {{access: {{}}}}}}\n"
    assert rules(load(repositories.format("a*" * 16))) == []
    assert rules(load(repositories.format("a*" * 17))) == ["bad-repository-name"]
    assert rules(load(repositories.format("*?" * 9))) == ["bad-repository-name"]


@pytest.mark.parametrize("count", [200, 201])
def test_a_tier_has_at_most_200_actions(count: int) -> None:
    actions = ", ".join(f"ecr:Put{n}*" for n in range(count))
    found = rules(load(f"tiers:\n  t: {{actions: [{actions}]}}\nrepositories: {{}}\n"))
    assert ("tier-too-large" in found) == (count > 200)


@pytest.mark.parametrize("count", [200, 201])
def test_a_tier_counts_what_it_extends(count: int) -> None:
    own = "".join(f"  t{n}: {{actions: [ecr:New{n}]}}\n" for n in range(count))
    bases = ", ".join(f"t{n}" for n in range(count))
    one = ONE_REPOSITORY.replace("who: pull", '"444455556666": all')
    found = rules(load(f"tiers:\n{own}  all: {{extends: [{bases}]}}\n{one}"))
    assert ("tier-too-large" in found) == (count > 200)


def test_a_chain_of_tiers_does_not_add_up_without_end() -> None:
    tiers = "  t0: {actions: [ecr:New0]}\n" + "".join(
        f"  t{n}: {{extends: t{n - 1}, actions: [ecr:New{n}]}}\n" for n in range(1, 3_000)
    )
    found = rules(load(f"tiers:\n{tiers}repositories: {{}}\n"))
    assert found.count("tier-too-large") == 3_000 // 201


@pytest.mark.parametrize("count", [1_000, 1_001])
def test_a_group_has_at_most_1000_members(count: int) -> None:
    accounts = ", ".join(f'"{444455550000 + n}"' for n in range(count))
    for definition in (f"{{role: x, accounts: [{accounts}]}}", f"[{accounts}]"):
        loaded = of_principal(definition, accounts="")
        expected = "group-too-large" if count > 1_000 else "policy-too-large"
        assert rules(loaded) == [expected]


def test_a_large_group_on_many_repositories_ends_early() -> None:
    accounts = ", ".join(f'"{444455550000 + n}"' for n in range(4_000))
    entries = "".join(f"  r/{n}: {{access: {{all: pull}}}}\n" for n in range(1_000))
    loaded = load(f"principals:\n  all: [{accounts}]\nrepositories:\n{entries}")
    assert rules(loaded) == ["group-too-large"]


def test_groups_of_groups_are_bounded_by_what_they_stand_for() -> None:
    groups = "  g0: ['111100001111', '111100002222']\n" + "".join(
        f"  g{n}: [{', '.join([f'g{n - 1}'] * 500)}]\n" for n in range(1, 200)
    )
    found = set(rules(load(f"principals:\n{groups}repositories: {{}}\n")))
    assert found <= {"unused-principal"}


def test_a_repository_of_very_many_grants_is_judged_without_its_policy() -> None:
    accounts = ", ".join(f'"{444455550000 + n}"' for n in range(900))
    patterns = "".join(f"  '*{'a' * n}*': {{access: {{all: pull}}}}\n" for n in range(12))
    entry = f"  {'a' * 20}: {{access: {{all: push}}}}\n"
    loaded = load(f"principals:\n  all: [{accounts}]\nrepositories:\n{patterns}{entry}")
    (problem,) = (p for p in loaded.problems if "grants" in p.message)
    assert (problem.rule, problem.place.line) == ("policy-too-large", 18)


def test_control_characters_are_summed_up() -> None:
    content = b"version: 1\n" + b"\x01" * 200_000
    loaded = load_access(content, "f.yaml", now=NOW)
    assert len(loaded.problems) == 21
    assert rules(loaded) == ["control-character"] * 21
    assert "199,980 more" in loaded.problems[-1].message
    few = load_access(b"\x01" * 20, "f.yaml", now=NOW)
    assert [p.message for p in few.problems] == [few.problems[0].message] * 20


def test_ways_round_are_told_for_few_cycles() -> None:
    uses = {f"n{n}": [f"n{n + 1}", "n0"] for n in range(2_000)}
    order, cycles = sort_by_use(uses)
    assert set(order) == set(uses)
    assert len(cycles) == 20


def test_a_long_way_round_is_shortened() -> None:
    groups = "".join(f"  n{n}: [n{(n + 1) % 2_000}, n{(n + 1) % 2_000}]\n" for n in range(2_000))
    loaded = load(f"principals:\n{groups}repositories: {{}}\n")
    (problem,) = (problem for problem in loaded.problems if problem.rule == "group-cycle")
    assert "'n0' → 'n1'" in problem.message
    assert " … " in problem.message
    assert len(problem.message) < 300


@pytest.mark.parametrize(("own", "told"), [(5, "characters"), (6, "1,200 actions on")])
def test_more_actions_than_any_policy_holds_are_not_written(own: int, told: str) -> None:
    def tier(number: int) -> str:
        return ", ".join(f"ecr:New{number}x{n}" for n in range(200))

    tiers = "".join(f"  t{n}: {{actions: [{tier(n)}]}}\n" for n in range(own))
    given = ", ".join(f"t{n}" for n in range(own))
    access = f"repositories: {{r/a: {{access: {{'444455556666': [{given}]}}}}}}\n"
    loaded = load(f"tiers:\n{tiers}{access}")
    (problem,) = (p for p in loaded.problems if p.rule == "policy-too-large")
    assert told in problem.message


def test_conditions_count_before_they_are_written() -> None:
    ends = ", ".join(f"{{tier: pull, until: {2030 + n}-01-01}}" for n in range(800))
    loaded = load(f"repositories: {{r/a: {{access: {{'444455556666': [{ends}]}}}}}}\n")
    problem = only(loaded)
    assert "has at least " in problem.message
    assert "800 different conditions" in (problem.hint or "")
