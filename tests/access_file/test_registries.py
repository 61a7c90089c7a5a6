"""Files with several registries: a file is read for each, and each problem is told once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from reconciler.access_file.desired import compile_desired, compile_registry, desired_policies
from reconciler.access_file.load import Loaded
from reconciler.access_file.model import AccessFile, Registry
from reconciler.model.registry import AssumedRole
from reconciler.model.rules import RuleId
from tests.access_file.files import NOW, load, load_access, only, rules
from tests.access_file.invalid_cases import files
from tests.access_file.invalid_cases import load as load_case

HEAD = """\
version: 1
registries:
  - {name: central, account: "111122223333", regions: [us-west-2]}
  - {name: europe, account: "333344445555", regions: [eu-west-1, eu-central-1]}
  - {name: china, account: "777788889999", regions: [cn-north-1]}
"""
MANAGED = HEAD.replace("]}", "], policy: manage}")
PULLS = 'access: {"444455556666": pull}'
DENY = 'Sid: EcrAccessX, Effect: Deny, Principal: "*", Action: "ecr:DeleteRepository"'
EVERYTHING = "arn:aws:ecr:us-west-2:111122223333:repository/*"


def parts(text: str, head: str = HEAD) -> dict[str, AccessFile]:
    """The parts of a valid file, by registry and regions."""
    loaded = load(text, head=head)
    assert loaded.parts, loaded.problems
    return {f"{one.registry.name} {' '.join(one.registry.regions)}": one for one in loaded.parts}


def entries(text: str, head: str = HEAD) -> dict[str, list[str]]:
    return {name: [e.repository for e in one.entries] for name, one in parts(text, head).items()}


def told(loaded: Loaded) -> list[tuple[str, int, str]]:
    """The rule and line of each problem, and the registries that it names."""
    where = (
        p.message.partition(": ")[0] if p.message.startswith("in ") else "" for p in loaded.problems
    )
    return [(p.rule, p.place.line, w) for p, w in zip(loaded.problems, where, strict=True)]


def test_without_limits_an_entry_holds_everywhere() -> None:
    assert entries(f"repositories: {{a/b: {{{PULLS}}}}}\n") == {
        "central us-west-2": ["a/b"],
        "europe eu-west-1 eu-central-1": ["a/b"],
        "china cn-north-1": ["a/b"],
    }


@pytest.mark.parametrize(
    ("limits", "held"),
    [
        ("registries: [central]", ["central us-west-2"]),
        ("registries: [china, central]", ["central us-west-2", "china cn-north-1"]),
        ("registries: [europe]", ["europe eu-west-1 eu-central-1"]),
        ("regions: [eu-west-1]", ["europe eu-west-1"]),
        ("regions: [us-west-2, eu-central-1]", ["central us-west-2", "europe eu-central-1"]),
        ("regions: [eu-central-1, eu-west-1]", ["europe eu-west-1 eu-central-1"]),
        ("registries: [europe], regions: [eu-west-1]", ["europe eu-west-1"]),
    ],
)
def test_an_entry_holds_where_its_limits_meet(limits: str, held: list[str]) -> None:
    found = entries(f"repositories: {{a/b: {{{limits}, {PULLS}}}}}\n")
    assert [name for name, here in found.items() if here] == held


def test_regions_with_the_same_entries_are_one_part() -> None:
    head = HEAD.replace("eu-west-1", "eu-west-1, eu-north-1")
    found = entries(
        "repositories:\n"
        f"  a/b: {{regions: [eu-central-1, eu-north-1], {PULLS}}}\n"
        f"  a/c: {{regions: [eu-west-1], {PULLS}}}\n"
        f"  a/d: {{{PULLS}}}\n",
        head,
    )
    assert found["europe eu-north-1 eu-central-1"] == ["a/b", "a/d"]
    assert found["europe eu-west-1"] == ["a/c", "a/d"]


def test_one_registry_may_be_limited_to_regions_without_a_name() -> None:
    head = 'version: 1\nregistry: {account: "111122223333", regions: [us-west-2, eu-west-1]}\n'
    found = entries(f"repositories: {{a/b: {{regions: [eu-west-1], {PULLS}}}}}\n", head)
    assert found == {"None us-west-2": [], "None eu-west-1": ["a/b"]}


def test_a_registry_has_its_own_credentials() -> None:
    head = (
        "version: 1\nregistries:\n"
        '  - name: a\n    account: "111122223333"\n    regions: [us-west-2]\n'
        "    profile: central\n"
        "    assume_role: {role_arn: 'arn:aws:iam::111122223333:role/x', external_id: '42'}\n"
        '  - name: b\n    account: "777788889999"\n    regions: [us-west-2]\n'
        "    assume_role: arn:aws:iam::777788889999:role/y\n"
    )
    one, two = (part.registry for part in parts("repositories: {}\n", head).values())
    assert (one.profile, two.profile) == ("central", None)
    assert one.assume_role == AssumedRole("arn:aws:iam::111122223333:role/x", "42")
    assert two.assume_role == AssumedRole("arn:aws:iam::777788889999:role/y")


def test_a_principal_by_account_is_in_the_partition_of_each_registry() -> None:
    found = parts(
        "principals: {ci: {role: role2-1, account: '444455556666'}}\n"
        "repositories: {a/b: {access: {ci: pull}}}\n"
    )
    principals = {
        name: one.entries[0].grants[0].grant.principal.names for name, one in found.items()
    }
    assert principals == {
        "central us-west-2": ("arn:aws:iam::444455556666:role/role2-1",),
        "europe eu-west-1 eu-central-1": ("arn:aws:iam::444455556666:role/role2-1",),
        "china cn-north-1": ("arn:aws-cn:iam::444455556666:role/role2-1",),
    }


TWO_PARTITIONS = """\
principals:
  ci: arn:aws:iam::444455556666:role/ci
  ci-china: arn:aws-cn:iam::444455556666:role/ci
  both: [ci, ci-china]
"""


@pytest.mark.parametrize(
    "rest",
    [
        "repositories: {}\n",
        "repositories: {a/b: {registries: [central, europe], access: {ci: pull}}}\n",
        "repositories: {a/b: {regions: [cn-north-1], access: {ci-china: pull}}}\n",
        "repositories: {}\n"
        "guards: {rules: [{never: push, to: [ci, ci-china], because: x}]}\n"
        "unmanaged: {statements: {keep: [{sid: A, principal: ci}, "
        "{sid: B, principal: ci-china}]}}\n",
    ],
)
def test_a_principal_of_another_partition_is_wrong_only_where_it_is_used(rest: str) -> None:
    assert "wrong-partition" not in rules(load(TWO_PARTITIONS + rest, head=HEAD))


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{access: {ci: pull}}", [(7, "in the registry 'china'")]),
        ("{access: {ci-china: pull}}", [(8, "in the registries 'central', 'europe'")]),
        ("{registries: [china], access: {both: pull}}", [(7, "in the registry 'china'")]),
        ("{registries: [china], access: {ci: pull}}", [(7, "in the registry 'china'")]),
        (
            '{registries: [china], access: {"arn:aws:iam::444455556666:root": pull}}',
            [(10, "in the registry 'china'")],
        ),
    ],
)
def test_a_principal_of_another_partition_names_the_registries(
    entry: str, found: list[tuple[int, str]]
) -> None:
    loaded = load(f"{TWO_PARTITIONS}repositories: {{a/b: {entry}}}\n", head=HEAD)
    wrong = [(line, where) for rule, line, where in told(loaded) if rule == "wrong-partition"]
    assert wrong == found


@pytest.mark.parametrize("rule", ["", "guards: {rules: [{never: push, to: gov, because: x}]}\n"])
def test_a_principal_of_no_registrys_partition_is_one_problem(rule: str) -> None:
    gov = "principals: {gov: 'arn:aws-us-gov:iam::444455556666:root'}\n"
    found = told(load(f"{gov}repositories: {{}}\n{rule}", head=HEAD))
    wrong = [one for one in found if one[0] == "wrong-partition"]
    assert wrong == [("wrong-partition", 6, "in the registries 'central', 'europe'")]


def test_the_accounts_of_all_registries_need_no_name() -> None:
    used = ", ".join(f'"{account}": pull' for account in ("111122223333", "777788889999"))
    accounts = 'accounts: {workloads: "444455556666"}\n'
    assert (
        rules(load(f"{accounts}repositories: {{a/b: {{access: {{{used}}}}}}}\n", head=HEAD)) == []
    )
    other = f'{accounts}repositories: {{a/b: {{access: {{"999900001111": pull}}}}}}\n'
    assert only(load(other, head=HEAD)).message == (
        "the account 999900001111 is not named under accounts"
    )


def test_lambdas_statement_is_kept_for_functions_of_the_registrys_own_account() -> None:
    found = parts('accounts: {workloads: "444455556666"}\nrepositories: {}\n')
    accounts = [one.ownership.rules[0].source_accounts for one in found.values()]
    assert accounts == [
        {"444455556666", own} for own in ("111122223333", "333344445555", "777788889999")
    ]


@pytest.mark.parametrize(
    ("element", "carried"),
    [
        (f"Resource: '{EVERYTHING}'", [True, False, False]),
        (f"NotResource: '{EVERYTHING}'", [True, False, False]),
        ("Resource: 'arn:aws:ecr:*:*:repository/*'", [True, True, False]),
        ("Resource: 'arn:aws:ecr:eu-west-1:333344445555:repository/a'", [False, True, False]),
        ("Resource: '*'", [True, True, True]),
    ],
)
def test_a_raw_statement_is_carried_where_it_matches(element: str, carried: list[bool]) -> None:
    text = f"repositories: {{}}\nregistry_statements: [{{{DENY}, {element}}}]\n"
    found = parts(text, MANAGED)
    assert [bool(one.registry_statements) for one in found.values()] == carried
    for one in found.values():
        for scope in one.registry.scopes:
            policy = compile_registry(one, scope, NOW)
            assert (policy is not None) == bool(one.registry_statements)


def test_a_raw_statement_is_for_all_regions_of_a_registry() -> None:
    """As with one part: a limit of an entry does not change another statement."""
    resource = "Resource: 'arn:aws:ecr:eu-west-1:333344445555:repository/a'"
    statement = f"registry_statements: [{{{DENY}, {resource}}}]\n"
    text = f"repositories: {{a/b: {{regions: [eu-west-1], {PULLS}}}}}\n{statement}"
    found = {name: bool(p.registry_statements) for name, p in parts(text, MANAGED).items()}
    assert found["europe eu-west-1"] == found["europe eu-central-1"] == True  # noqa: E712


def test_a_raw_statement_is_judged_where_it_is_carried() -> None:
    principal = 'Principal: {AWS: "arn:aws-cn:iam::444455556666:root"}'
    deny = DENY.replace('Principal: "*"', principal)
    both = f"{{{deny}, Resource: 'arn:aws-cn:ecr:*:*:repository/*'}}"
    assert "wrong-partition" not in rules(
        load(f"repositories: {{}}\nregistry_statements: [{both}]\n", head=MANAGED)
    )
    loaded = load(
        f"repositories: {{}}\nregistry_statements: [{{{deny}, Resource: '*'}}]\n", head=MANAGED
    )
    assert ("wrong-partition", 7, "in the registries 'central', 'europe'") in told(loaded)


def test_registry_statements_need_a_managed_policy_where_they_match() -> None:
    statements = f"registry_statements: [{{{DENY}, Resource: '{EVERYTHING}'}}]\n"
    head = HEAD.replace("[us-west-2]", "[us-west-2], policy: manage")
    assert rules(load(f"repositories: {{}}\n{statements}", head=head)) == []
    everywhere = statements.replace(EVERYTHING, "*")
    assert [
        where for _, _, where in told(load(f"repositories: {{}}\n{everywhere}", head=head))
    ] == [
        "in the registry 'china'",
        "in the registry 'europe'",
    ]


def test_tiers_have_the_actions_of_the_registrys_policy_where_one_is_managed() -> None:
    tier = "tiers: {mirror: {actions: [ecr:ReplicateImage]}}\n"
    entry = 'repositories: {"a/*": {via: registry-policy, registries: [central], '
    text = f'{tier}{entry}access: {{"444455556666": mirror}}}}}}\n'
    head = HEAD.replace("[us-west-2]", "[us-west-2], policy: manage")
    assert rules(load(text, head=head)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # Of each line, all registries say the same: none is named.
        ("{a/b: {registries: [central], access: {nobody: pull}}}", [("unknown-name", 6, "")]),
        ("{a/b: {access: {nobody: pulll}}}", [("unknown-name", 6, ""), ("unknown-tier", 6, "")]),
        (
            "{a/b: {create: true, settings: {encryption: {kms_key: "
            f"'arn:aws:kms:us-west-2:111122223333:alias/x'}}}}, {PULLS}}}}}",
            [
                ("wrong-partition", 6, "in the registry 'china'"),
                ("wrong-region", 6, "in the registry 'europe'"),
            ],
        ),
        (
            "{a/b: {access: {'444455556666': {tier: pull, "
            "when: {StringEquals: {'aws:RequestedRegion': eu-west-1}}}}}}",
            [("never-applies", 6, "in the registries 'central', 'china'")],
        ),
        # It is public where the guard is broken, and the guard is the same everywhere.
        (
            "{a/b: {regions: [eu-west-1], statements: [{Effect: Allow, Principal: '*', "
            "Action: 'ecr:BatchGetImage'}]}}",
            [("public", 6, "")],
        ),
    ],
)
def test_a_problem_names_its_registries_where_they_differ(
    text: str, found: list[tuple[str, int, str]]
) -> None:
    assert told(load(f"repositories: {text}\n", head=HEAD)) == found


def test_a_condition_of_a_principal_applies_if_it_does_in_one_registry() -> None:
    who = (
        "principals: {who: {role: x, account: '444455556666', when: {StringEquals: {'%s': %s}}}}\n"
    )
    rest = "repositories: {a/b: {access: {who: pull}}}\n"
    assert rules(load(who % ("aws:RequestedRegion", "eu-west-1") + rest, head=HEAD)) == [
        "never-applies"  # in China, where no region has this name
    ]
    head = HEAD.partition("  - {name: china")[0]
    assert rules(load(who % ("aws:RequestedRegion", "eu-west-1") + rest, head=head)) == []
    assert rules(load(who % ("aws:RequestedRegion", "us-east-1") + rest, head=head)) == [
        "never-applies"
    ]
    assert rules(load(who % ("aws:ResourceAccount", "'333344445555'") + rest, head=head)) == []


def test_an_entry_that_holds_nowhere_is_read_all_the_same() -> None:
    text = (
        "repositories:\n"
        "  a/b: {registries: [nowhere], "
        "access: {nobody: pull, 'arn:aws:iam::444455556666:root': push}}\n"
        f"  a/c: {{regions: [ap-south-1], create: true, settings: {{encryption: {{kms_key: "
        f"'arn:aws:kms:us-west-2:111122223333:alias/x'}}}}, {PULLS}}}\n"
    )
    assert rules(load(text, head=HEAD)) == ["unknown-registry", "unknown-name", "unknown-registry"]


def test_what_is_too_large_is_told_once_and_with_the_problems_before_it() -> None:
    names = "".join(f"  r/{n}: {{access: {{pull{n}: pull}}}}\n" for n in range(3))
    assert rules(load(f"repositories:\n{names}", head=HEAD)) == ["unknown-name"] * 3
    # Too large in what all registries of a partition share: their entries are not read.
    to = ", ".join(["all"] * 400)
    guards = f"guards: {{rules: [{{never: push, to: [{to}], because: x}}]}}\n"
    group = ", ".join(f'"{444455550000 + n}"' for n in range(900))
    head = f"{HEAD}principals: {{all: {{role: x, accounts: [{group}]}}}}\n"
    assert rules(load(f"{guards}repositories:\n{names}", head=head)) == ["too-large"]
    # Too large in the entries of the last registry, together with those of the others.
    tags = ", ".join(f"'aws:PrincipalTag/{n}': x" for n in range(1_000))
    when = f"{{StringLike: {{{tags}}}}}"
    head = f"{HEAD}principals: {{all: {{account: '444455556666', when: {when}}}}}\n"
    everywhere = "".join(f"  g/{n}: {{access: {{all: pull}}}}\n" for n in range(10))
    there = "".join(
        f"  c/{n}: {{registries: [china], access: {{all: pull}}}}\n" for n in range(990)
    )
    given = f"{everywhere}{there}"
    loaded = load(f"repositories:\n{names}{given}", head=head)
    assert rules(loaded)[:3] == ["unknown-name"] * 3
    assert rules(loaded).count(RuleId.TOO_LARGE) == 1
    assert not loaded.parts


def test_registries_without_a_valid_account_are_not_compared() -> None:
    one = '{name: %s, account: "1234", regions: [us-west-2]}'
    head = f"version: 1\nregistries: [{one % 'a'}, {one % 'b'}]\n"
    assert rules(load("repositories: {}\n", head=head)) == ["bad-account-id"]


def test_an_example_in_a_hint_is_in_the_partition_of_the_first_registry() -> None:
    head = (
        "version: 1\nregistries: [{name: a, account: '111122223333', regions: [cn-north-1], %s}]\n"
    )
    (problem,) = load("repositories: {}\n", head=head % "assume_role: {}").problems
    assert (
        problem.hint
        == 'for example role_arn: "arn:aws-cn:iam::111122223333:role/ecr-access-reconciler"'
    )


def test_many_limits_are_refused() -> None:
    regions = [f"{a}-{b}-{n}" for a in ("us", "eu") for b in ("west", "east") for n in range(1, 11)]
    head = f'version: 1\nregistry: {{account: "111122223333", regions: [{", ".join(regions)}]}}\n'
    limited = "".join(
        f"  r/{n}: {{regions: [{regions[n % 40]}], access: {{}}}}\n" for n in range(12_500)
    )
    assert rules(load(f"repositories:\n{limited}", head=head)) == ["too-large"]


MISTAKES = (Path(__file__).parent / "mistakes.registries.txt").read_text(encoding="utf-8")
SAMPLE = (Path(__file__).parent / "one_mistake.registries.yaml").read_text(encoding="utf-8")


def mistakes() -> Iterator[tuple[str, str]]:
    """As in `mistakes.txt`: after `= ` a part of the sample, then each way to get it wrong."""
    part = ""
    for line in MISTAKES.splitlines():
        if line.startswith("= "):
            part = line.removeprefix("= ").replace("\\n", "\n")
        else:
            yield part, line.replace("\\n", "\n")


def test_the_sample_has_no_problem() -> None:
    assert load(SAMPLE, head="").problems == ()


@pytest.mark.parametrize(("part", "wrong"), list(mistakes()))
def test_one_mistake_is_one_problem(part: str, wrong: str) -> None:
    assert part in SAMPLE
    found = load(SAMPLE.replace(part, wrong, 1), head="").problems
    assert len(found) == 1, found


ONE = 'registry: {account: "111122223333", regions: [us-west-2]}'
LISTED = 'registries: [{account: "111122223333", regions: [us-west-2]}]'
WITH_ONE = [
    case
    for case in files()
    if case.stem != "clashing-keys.registries" and ONE.encode() in case.read_bytes()
]


@pytest.mark.parametrize("case", WITH_ONE, ids=lambda case: case.stem)
def test_a_list_of_one_registry_has_the_same_problems(case: Path) -> None:
    text = case.read_bytes().replace(ONE.encode(), LISTED.encode())
    listed = load_access(text, case.name, now=NOW)
    assert rules(listed) == rules(load_case(case))
    assert bool(listed.parts) == bool(load_case(case).parts)


REGISTRIES = (
    Registry("111122223333", ("us-west-2",), "aws", name="a"),
    Registry("333344445555", ("eu-west-1", "eu-central-1"), "aws", name="b"),
    Registry("777788889999", ("cn-north-1", "cn-northwest-1"), "aws-cn", name="c"),
)
SCOPES = [(one, region) for one in REGISTRIES for region in one.regions]
GRANTS = ("ci: pull", "ci: push", "team: read", '"444455556666": push-pull')
DEFINITIONS = (
    "principals:\n  ci: {role: ci, account: '444455556666'}\n"
    "  team: {role: 'team/*', accounts: ['444455556666', '999900001111']}\n"
)
NAMES = ("a/one", "a/two", "b/one", '"a/*"', '"*"')


@st.composite
def limited_entries(draw: st.DrawFn) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Entries, each with its access, and the registries and regions that it is to hold in."""
    found = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        named = draw(st.lists(st.sampled_from(REGISTRIES), min_size=1, unique=True))
        regions = [region for one in named for region in one.regions]
        within = draw(st.lists(st.sampled_from(regions), min_size=1, unique=True))
        named = [one for one in named if set(one.regions) & set(within)]
        held = [(str(one.name), r) for one in named for r in one.regions if r in within]
        found[name] = (draw(st.sampled_from(GRANTS)), held)
    return found


@for_any(limited_entries())
def test_a_part_is_what_a_file_of_one_registry_is(
    found: dict[str, tuple[str, list[tuple[str, str]]]],
) -> None:
    """In every registry and region: the policies of a file with only what holds there."""
    listed = [{"name": r.name, "account": r.account, "regions": [*r.regions]} for r in REGISTRIES]
    written = "".join(
        f"  {name}: {{registries: [{', '.join(sorted({one for one, _ in held}))}],"
        f" regions: [{', '.join(sorted({region for _, region in held}))}],"
        f" access: {{{grant}}}}}\n"
        for name, (grant, held) in found.items()
    )
    head = f"version: 1\nregistries: {json.dumps(listed)}\n{DEFINITIONS}"
    loaded = load(f"repositories:\n{written}", head=head)
    by_scope = {
        (one.registry.name, region): policies(one)
        for one in loaded.parts
        for region in one.registry.regions
    }
    assert len(by_scope) == len(SCOPES), loaded.problems
    for registry, region in SCOPES:
        here = {n: grant for n, (grant, held) in found.items() if (registry.name, region) in held}
        only_here = "".join(f"  {name}: {{access: {{{grant}}}}}\n" for name, grant in here.items())
        single = f'version: 1\nregistry: {{account: "{registry.account}", regions: [{region}]}}\n'
        text = f"{DEFINITIONS}repositories:{' {}' if not here else ''}\n{only_here}"
        assert by_scope[registry.name, region] == policies(load(text, head=single).parts[0])


def policies(access: AccessFile) -> dict[str, str | None]:
    wanted = desired_policies(access, None, now=NOW)
    return {one.repository: compile_desired(access, one) for one in wanted}
