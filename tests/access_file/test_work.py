"""Small files that ask for much: steps are counted, not seconds.

A step is a call of a function of ours. A file twice as large takes about twice as many, or its
work grows faster and is refused where it is too much.
"""

import re
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from reconciler.access_file.load import Loaded
from tests.access_file.files import HEAD, load

SIZE = 80  # above the number of patterns that are looked at, MOST_PATTERNS
_OURS = "reconciler"


def accounts(number: int, first: int = 444455550000) -> str:
    return ", ".join(f'"{first + n}"' for n in range(number))


def many(number: int, line: Callable[[int], str]) -> str:
    return "".join(map(line, range(number)))


def group_on_aliases(n: int) -> str:
    entries = many(n, lambda i: f"  r/{i + 1}: *e\n")
    head = f"principals:\n  all: {{role: x, accounts: [{accounts(n)}]}}\n"
    return f"{head}repositories:\n  r/0: &e {{access: {{all: pull}}}}\n{entries}"


def groups_of_a_group(n: int) -> str:
    groups = many(n, lambda i: f"  g{i}: [all, '777788889999']\n")
    given = ", ".join(f"g{i}: pull" for i in range(n))
    head = f"principals:\n  all: {{role: x, accounts: [{accounts(n)}]}}\n{groups}"
    return f"{head}repositories: {{r/a: {{access: {{{given}}}}}}}\n"


def patterns_and_names(n: int) -> str:
    patterns = many(n, lambda i: f"  'a*{i * 7919 % 100_000:05}*b': {{}}\n")
    return f"repositories:\n{patterns}" + many(n, lambda i: f"  aa{i:05}b/cc: {{}}\n")


def patterns_without_a_piece(n: int) -> str:
    patterns = many(2 * n, lambda i: f"  'a*{i // 256:02x}*{i % 256:02x}*b': {{}}\n")
    return f"repositories:\n{patterns}" + many(n, lambda i: f"  a{i}b: {{}}\n")


def rules_and_names(n: int) -> str:
    each = many(n, lambda i: f"    - {{never: push, to: w, because: x, on: 'a*{i}*b'}}\n")
    entries = many(n, lambda i: f"  aa{i}b/cc: {{access: {{w: pull}}}}\n")
    head = 'accounts: {w: "444455556666"}\nguards:\n  rules:\n'
    return f"{head}{each}repositories:\n{entries}"


def rules_and_grants(n: int) -> str:
    group = f"principals:\n  all: {{role: x, accounts: [{accounts(n)}]}}\n"
    entries = many(n, lambda i: f"  r/{i}: {{access: {{all: push}}}}\n")
    rule = "guards: {rules: [{never: push, to: all, because: x}]}\n"
    return f"{group}{rule}repositories:\n{entries}"


def rules_on_an_account(n: int) -> str:
    given = ", ".join(f"'arn:aws:iam::444455556666:role/r{i}': pull" for i in range(n))
    to = ", ".join(f"'arn:aws:iam::444455556666:role/r{i}'" for i in range(n))
    rule = f"guards: {{rules: [{{never: pull, to: [{to}], because: x}}]}}\n"
    return f"{rule}repositories: {{r/a: {{access: {{{given}}}}}}}\n"


def networks(n: int) -> str:
    values = ", ".join(f'"10.{i // 256}.{i % 256}.0/24"' for i in range(n))
    who = f"  anyone: {{public: true, when: {{IpAddress: {{'aws:SourceIp': [{values}]}}}}}}\n"
    entries = many(n, lambda i: f"  r/{i}: {{access: {{anyone: pull}}}}\n")
    return f"principals:\n{who}repositories:\n{entries}"


def long_when(n: int) -> str:
    keys = ", ".join(f"'aws:PrincipalTag/{i}': x" for i in range(n))
    group = f"principals:\n  all: {{role: x, accounts: [{accounts(n)}]}}\n"
    given = f"{{all: {{tier: pull, when: {{StringLike: {{{keys}}}}}}}}}"
    return f"{group}repositories: {{r/a: {{access: {given}}}}}\n"


def denies(n: int) -> str:
    line = "      - {{Effect: Deny, Principal: '*', Action: 'ecr:Put{}*'}}\n"
    rule = "guards: {rules: [{never: push, to: '444455556666', because: x}]}\n"
    access = "    access: {'444455556666': push}\n    statements:\n"
    return f"{rule}repositories:\n  r/a:\n{access}" + many(n, line.format)


def tiers(n: int) -> str:
    each = many(n, lambda i: f"  t{i}: {{extends: read, actions: ['ecr:Put{i}*']}}\n")
    given = ", ".join(f"'{444455550000 + i}': t{i}" for i in range(n))
    return f"tiers:\n{each}repositories: {{r/a: {{access: {{{given}}}}}}}\n"


def wild_tiers(n: int) -> str:
    wild = many(190, "ecr:*a*b{}*c{{0}}*,".format).format
    return "tiers:\n" + many(n, lambda i: f"  t{i}: {{actions: [{wild(i)}]}}\n")


def action_patterns(n: int) -> str:
    return f"{wild_tiers(n)}repositories: {{}}\n"


def patterns_of_a_grant(n: int) -> str:
    entries = many(n, lambda i: f"  r/{i}: {{access: {{'{444455550000 + i}': [t0, t1]}}}}\n")
    return f"{wild_tiers(2)}repositories:\n{entries}"


def exceptions(n: int) -> str:
    names = many(n, "'ecr:*a*b{}*',".format)
    one = f"Principal: '*', NotAction: [{names}]"
    each = f"      - {{Effect: Allow, {one}}}\n      - {{Effect: Deny, {one}}}\n"
    return f"repositories:\n  r/a:\n    statements:\n{each * 10}"


def sources(n: int) -> str:
    arns = many(n, "'arn:aws:lambda:*:444455556666:function:*{}*',".format)
    one = f"Action: 'ecr:*', Condition: {{StringLike: {{'aws:SourceArn': [{arns}]}}}}"
    each = (
        f"      - {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, {one}}}\n"
        f"      - {{Effect: Deny, Principal: '*', {one}}}\n"
    )
    return f"repositories:\n  r/a:\n    statements:\n{each}"


def names_that_may_be_public(n: int) -> str:
    allowed = ", ".join(f"x{i}/a" for i in range(n))
    entries = many(n, lambda i: f"  r/{i}: {{}}\n")
    return f"guards: {{public: {{allow: [{allowed}]}}}}\nrepositories:\n{entries}"


def patterns_that_may_be_public(n: int) -> str:
    allowed = ", ".join(f'"x{i}*a*b"' for i in range(min(n, 100)))
    entries = many(n, lambda i: f'  "r{i}*a*c": {{}}\n')
    return f"guards: {{public: {{allow: [{allowed}]}}}}\nrepositories:\n{entries}"


def references_in_rules(n: int) -> str:
    group = f"principals:\n  all: {{role: x, accounts: [{accounts(n)}]}}\n"
    to = ", ".join(["all"] * n)
    return (
        f"{group}guards: {{rules: [{{never: push, to: [{to}], because: x}}]}}\nrepositories: {{}}\n"
    )


LINEAR = [
    patterns_and_names,
    rules_on_an_account,
    rules_and_names,
    denies,
    names_that_may_be_public,
]
ASKING = [
    (group_on_aliases, 1_000),
    (groups_of_a_group, 1_000),
    (patterns_without_a_piece, 1_000),
    (rules_and_grants, 1_000),
    (networks, 1_000),
    (long_when, 1_000),
    (references_in_rules, 1_000),
    (tiers, 450),
    (patterns_that_may_be_public, 1_000),
    (action_patterns, 60),
    (patterns_of_a_grant, 10),
]


def steps(body: str, head: str = HEAD) -> tuple[int, Loaded]:
    """Count the calls of our functions that it takes to judge a file."""
    taken = 0

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal taken
        taken += event == "call" and _OURS in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        loaded = load(body, head=head)
    finally:
        sys.setprofile(None)
    return taken, loaded


@pytest.mark.parametrize("shape", LINEAR)
def test_twice_the_file_is_at_most_about_twice_the_work(shape: Callable[[int], str]) -> None:
    load(shape(SIZE // 2))  # what is made once is made by now
    fixed, _ = steps(shape(1))
    first, _ = steps(shape(SIZE))
    second, _ = steps(shape(2 * SIZE))
    assert second - fixed < 2.6 * (first - fixed)


def registries(number: int, entries: int, *, limited: bool) -> str:
    """A whole file, with as many principals as entries in a registry."""
    each = many(
        number,
        lambda i: f"  - {{name: r{i}, account: '{111100000000 + i}', regions: [us-west-2]}}\n",
    )
    names = many(50, lambda i: f"  p{i}: {{role: r/{i}, account: '444455556666'}}\n")
    given = many(
        entries,
        lambda i: (
            f"  r/{i}: {{{f'registries: [r{i % number}], ' if limited else ''}access: "
            f"{{p{i % 50}: push-pull, p{(i + 1) % 50}: pull}}}}\n"
        ),
    )
    return f"version: 1\nregistries:\n{each}principals:\n{names}repositories:\n{given}"


def test_twenty_registries_are_about_the_work_of_one_of_the_same_size() -> None:
    """What they have in common is read once, and the same access is compiled once."""
    one, loaded = steps(registries(1, 1_000, limited=False), head="")
    assert loaded.parts
    all_in_one, loaded = steps(registries(1, 1_000, limited=True), head="")
    assert loaded.parts
    limited, loaded = steps(registries(20, 1_000, limited=True), head="")
    assert [len(part.entries) for part in loaded.parts] == [50] * 20
    same, loaded = steps(registries(20, 50, limited=False), head="")
    assert [len(part.entries) for part in loaded.parts] == [50] * 20
    assert limited < 1.2 * all_in_one
    assert same < 0.9 * one


@pytest.mark.parametrize(("shape", "size"), [(exceptions, 60), (sources, 1_200)])
def test_grants_and_denies_of_many_patterns_are_not_all_compared(
    shape: Callable[[int], str], size: int
) -> None:
    told = [p.message for p in load(shape(size)).problems if p.rule == "grant-denied"]
    assert any(message.startswith("too many grants and Denies") for message in told)
    told = [p.message for p in load(shape(4)).problems if p.rule == "grant-denied"]
    assert told
    assert not any(message.startswith("too many") for message in told)


@pytest.mark.parametrize(("shape", "size"), ASKING)
def test_what_grows_faster_is_refused_before_it_is_done(
    shape: Callable[[int], str], size: int
) -> None:
    """Each case would take minutes; the figure tells that it ended at its bound."""
    loaded = load(shape(size))
    (problem,) = (p for p in loaded.problems if p.rule == "too-large")
    figures = re.findall(r"[0-9][0-9,]*", problem.message + (problem.hint or ""))
    asked, most = (int(figure.replace(",", "")) for figure in figures)
    assert most < asked < 2 * most


def test_the_same_access_on_many_repositories_is_compiled_once() -> None:
    """Were it compiled for each, it would be refused as too much."""
    given = ", ".join(
        f"'{444455550000 + i}': {{tier: pull, until: '2{i:03}-01-01'}}" for i in range(100, 125)
    )
    entries = many(1_300, lambda i: f"  r/{i}: {{access: {{}}}}\n")
    loaded = load(f"repositories:\n  r/*: {{access: {{{given}}}}}\n{entries}")
    assert loaded.problems == ()
