"""The registry's own policy and creation templates in a file: what is read of them."""

from dataclasses import replace

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from reconciler.access_file.checks.registry_policy import with_registry_statements
from reconciler.access_file.desired import (
    desired_registry_policy,
    desired_templates,
    entries_by_name,
    reads_templates,
)
from reconciler.access_file.document.problems import Place, ProblemList
from reconciler.access_file.model import AccessFile, PlacedRegistryStatement
from reconciler.model.registry import RepositorySettings
from reconciler.policy import Ownership, parse_registry_statement
from tests.access_file.files import NOW, desired, load, valid

MANAGED = (
    'version: 1\nregistry: {account: "111122223333", regions: [us-west-2], policy: manage}\n'
    'accounts: {workloads: "444455556666", staging: "777788889999"}\n'
)
SEVERAL = MANAGED.replace("us-west-2", "us-west-2, eu-west-1")
ROLE = "arn:aws:iam::111122223333:role/ecr-creation-template"
STATEMENT = (
    '{Sid: EcrAccessNoDelete, Effect: Deny, Principal: "*", Action: "ecr:DeleteRepository",'
    ' Resource: "arn:aws:ecr:us-west-2:111122223333:repository/*"}'
)


def managed(text: str) -> AccessFile:
    return valid(text, head=MANAGED)


@pytest.mark.parametrize("policy", ["ignore", "report", "manage"])
def test_what_becomes_of_the_registrys_policy(policy: str) -> None:
    head = MANAGED.replace("manage", policy)
    assert valid("repositories: {}\n", head=head).registry.policy == policy
    assert valid("repositories: {}\n").registry.policy == "report"


def test_the_access_of_an_entry_with_via_is_the_registrys() -> None:
    access = managed(
        "repositories:\n"
        '  "payments/*": {via: registry-policy, access: {staging: pull, workloads: replicate}}\n'
        "  payments/api: {access: {workloads: push}}\n"
    )
    wanted = desired(access)["payments/api"]
    assert [grant.tier for grant in wanted.grants] == ["push"]
    assert {grant.tier for grant in wanted.by_registry} == {"pull", "replicate"}
    ((pattern, grants),) = desired_registry_policy(access, NOW).grants
    assert pattern == "payments/*"
    assert {grant.tier for grant in grants} == {"pull", "replicate"}


def test_what_has_expired_is_no_part_of_the_registrys_policy() -> None:
    access = managed(
        'repositories: {"*": {via: registry-policy, access: {'
        "staging: {tier: pull, until: 2020-01-01}}}}\n"
    )
    wanted = desired_registry_policy(access, NOW)
    assert wanted.grants == ()
    assert [(pattern, len(grants)) for pattern, grants in wanted.expired] == [("*", 1)]
    assert desired(access)["*"].by_registry == ()


def test_raw_statements_of_the_registrys_policy() -> None:
    access = managed(f"repositories: {{}}\nregistry_statements: [{STATEMENT}]\n")
    (raw,) = desired_registry_policy(access, NOW).statements
    assert raw["Resource"] == "arn:aws:ecr:us-west-2:111122223333:repository/*"
    assert raw["Sid"] == "EcrAccessNoDelete"


@pytest.mark.parametrize("default", ["keep", "remove"])
def test_whose_the_statements_of_the_registrys_policy_are(default: str) -> None:
    access = managed(f"repositories: {{}}\nunmanaged: {{registry_statements: {default}}}\n")
    assert access.registry_ownership.default == default
    assert managed("repositories: {}\n").registry_ownership == Ownership("keep")


def test_a_template_has_what_every_repository_under_it_has() -> None:
    access = managed(
        "repositories:\n"
        '  "*": {access: {staging: read}}\n'
        '  "payments/*":\n'
        "    create_on: [replication, push]\n"
        "    settings: {tag_mutability: immutable, encryption: kms}\n"
        f"    template_role: {ROLE}\n"
        "    access: {workloads: push}\n"
        '  "payments/a*": {access: {staging: push}}\n'
        '  "pay*": {via: registry-policy, access: {staging: pull}}\n'
    )
    (template,) = desired_templates(access, NOW)
    assert (template.pattern, template.prefix) == ("payments/*", "payments")
    assert template.applied_for == ("CREATE_ON_PUSH", "REPLICATION")
    assert template.settings == RepositorySettings(tag_mutability="IMMUTABLE", encryption="KMS")
    assert template.role == ROLE
    assert {grant.tier for grant in template.access.grants} == {"push", "read"}
    assert {grant.tier for grant in template.access.by_registry} == {"pull"}


def test_the_root_template_is_for_every_repository() -> None:
    access = managed('repositories: {"*": {create_on: [pull-through-cache], access: {}}}\n')
    (template,) = desired_templates(access, NOW)
    assert (template.prefix, template.applied_for) == ("ROOT", ("PULL_THROUGH_CACHE",))
    assert (template.settings, template.role) == (None, None)


def test_a_file_may_have_many_templates() -> None:
    entries = "".join(f'  "team-{n}/*": {{create_on: [push]}}\n' for n in range(1_001))
    assert len(desired_templates(managed(f"repositories:\n{entries}"), NOW)) == 1_001


@pytest.mark.parametrize(("entry", "reads"), [("{access: {}}", False), ("{create_on: []}", True)])
def test_templates_are_read_where_the_file_speaks_of_them(entry: str, *, reads: bool) -> None:
    access = managed(f'repositories: {{"payments/*": {entry}}}\n')
    assert reads_templates(access) == reads
    assert desired_templates(access, NOW) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "repositories: {a/*: {via: registry}}",
        "repositories: {a/*: {via: true}}",
        "repositories: {a/*: {create_on: push}}",
        "repositories: {a/*: {create_on: [pushes]}}",
        "repositories: {a/*: {create_on: [push], template_role: someone}}",
        f"repositories: {{a/*: {{template_role: '{ROLE}'}}}}",
        "repositories: {}\nunmanaged: {registry_statements: report}",
        "repositories: {}\nregistry_statements: []",
        "repositories: {}\nregistry_statements: {}",
        "repositories: {}\nregistry_statements: [deny]",
    ],
)
def test_one_mistake_is_one_problem(wrong: str) -> None:
    (problem,) = load(wrong, head=MANAGED).problems
    assert problem.severity == "error"
    assert problem.hint


def allow(resource: str, *, action: str = "ecr:PutImage", more: str = "") -> str:
    return (
        f'{{Sid: EcrAccessX, Effect: Allow, Principal: {{AWS: "777788889999"}},'
        f" Action: {action}, {resource}{more}}}"
    )


NEVER = """\
guards:
  rules: [{never: push, to: staging, on: [payments/api, other/*], because: staging only runs}]
"""
ALL_PUSH = (
    "[ecr:BatchCheckLayerAvailability, ecr:CompleteLayerUpload, ecr:InitiateLayerUpload,"
    " ecr:PutImage, ecr:UploadLayerPart]"
)
HERE = "arn:aws:ecr:us-west-2:111122223333:repository"
ELSEWHERE = "arn:aws:ecr:eu-west-1:111122223333:repository"


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ('  "*": {via: registry-policy, access: {staging: push}}\n', 5),
        (
            '  "payments/*": {via: registry-policy, access: {staging: push}}\n  payments/api: {}\n',
            5,
        ),
        (
            '  payments/api: {inherit: false}\n  "pay*": {via: registry-policy, access: '
            "{staging: push}}\n",
            6,
        ),
        ('  "mine/*": {via: registry-policy, access: {staging: push}}\n', None),
    ],
)
def test_a_rule_that_an_entry_with_via_breaks(entries: str, line: int | None) -> None:
    found = load(f"repositories:\n{entries}{NEVER}", head=MANAGED).problems
    lines = [problem.place.line for problem in found if problem.rule == "never"]
    assert lines == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("resource", "breaks"),
    [
        ('Resource: "*"', True),
        (f'Resource: "{HERE}/*"', True),
        (f'Resource: "{HERE}/payments/*"', True),
        (f'Resource: "{HERE}/payments/api"', True),
        (f'Resource: "{HERE}/other/x"', True),
        (f'Resource: "{HERE}/mine/*"', False),
        (f'Resource: ["{HERE}/mine/*", "{HERE}/o*"]', True),
        (f'Resource: "{HERE}/${{aws:PrincipalTag/team}}/api"', True),
        (f'Resource: "{HERE}/${{aws:PrincipalTag/team}}/web"', True),
        (f'Resource: "{HERE}/mine/${{aws:PrincipalTag/team}}"', False),
        ('Resource: "arn:aws:ecr:*:111122223333:repository/payments/*"', True),
        ('Resource: "arn:aws:ecr:*:*:repository/mine/*"', False),
        ('Resource: "arn:aws:ecr:us-west-2:111122223333:*"', True),
        ('Resource: "arn:aws:ecr:*"', True),
        (f'NotResource: "{HERE}/payments/*"', True),
    ],
)
def test_a_rule_that_a_statement_of_the_registrys_policy_breaks(
    resource: str, *, breaks: bool
) -> None:
    text = f"registry_statements: [{allow(resource)}]\n{NEVER}"
    for entries in ("{}", "{payments/api: {}, other/y: {}}", '{"payments/*": {}, "*": {}}'):
        found = load(f"repositories: {entries}\n{text}", head=MANAGED)
        assert [problem.rule for problem in found.problems] == ["never"] * breaks


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("payments/*", f"{HERE}/payments/*"),
        ("repository/payments/*", f"{HERE}/payments/*"),
        ("arn:aws:us-west-2:111122223333:repository/pay*", f"{HERE}/pay*"),
        ("arn:aws:ecr:us-west-2:777788889999:repository/pay*", f"{HERE}/pay*"),
        ("arn:aws-cn:ecr:us-west-2:111122223333:repository/pay*", f"{HERE}/pay*"),
        ("arn:aws:ecr:us-west-2:111122223333:pay", f"{HERE}/pay"),
        (f"{HERE}/Pay", f"{HERE}/NAME, with a repository's name or a pattern"),
        (f"{HERE}/", f"{HERE}/NAME, with a repository's name or a pattern"),
    ],
)
def test_the_hint_for_a_resource_is_what_to_write(wrong: str, right: str) -> None:
    file = "repositories: {{}}\nregistry_statements: [{}]\n"
    (problem,) = load(file.format(allow(f'Resource: "{wrong}"')), head=MANAGED).problems
    assert problem.hint == f"write {right}"
    arn = right.partition(",")[0].replace("NAME", "pay")
    assert load(file.format(allow(f'Resource: "{arn}"')), head=MANAGED).problems == ()
    every = problem.hint.replace("us-west-2", "*")
    (problem,) = load(file.format(allow(f'Resource: "{wrong}"')), head=SEVERAL).problems
    assert problem.hint == every


def test_actions_of_an_entry_and_of_a_statement_add_up() -> None:
    """The rule is broken by what both policies give together."""
    rule = (
        "guards: {rules: [{never: pull, to: staging, on: payments/api, because: it only runs}]}\n"
        "tiers: {one: {actions: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]}}\n"
    )
    statement = allow(f'Resource: "{HERE}/payments/api"', action="ecr:BatchCheckLayerAvailability")
    for entries in (
        '{"payments/*": {access: {staging: one}}}',
        "{payments/api: {access: {staging: one}}}",
    ):
        alone = load(f"repositories: {entries}\n{rule}", head=MANAGED)
        assert alone.problems == ()
        both = f"repositories: {entries}\nregistry_statements: [{statement}]\n{rule}"
        found = load(both, head=MANAGED).problems
        assert [(problem.rule, problem.place.line) for problem in found] == [
            ("never", 4),
            ("never", 5),
        ]


VIA = "via: registry-policy, "
BORN = "create_on: [push], "


@pytest.mark.parametrize(
    ("wider", "own", "breaks"),
    [
        ((VIA, "*"), (VIA, "payments/*"), True),
        ((VIA, "pay*"), (BORN, "payments/*"), True),
        ((BORN, "payments/*"), (VIA, "payments/a*"), True),
        (("", "*"), (BORN, "payments/*"), True),
        (("", "*"), (VIA, "payments/*"), False),
        ((VIA, "*"), ("", "payments/*"), False),
        ((VIA, "payments/?pi"), (VIA, "payments/a*"), False),
    ],
)
def test_what_adds_up_on_a_repository_as_soon_as_it_exists(
    wider: tuple[str, str], own: tuple[str, str], *, breaks: bool
) -> None:
    """Without via and a template, a plan checks the repository before it gets the access."""
    tiers = {
        "one": "BatchGetImage, ecr:BatchCheckLayerAvailability",
        "two": "GetDownloadUrlForLayer",
    }
    entries = "".join(
        f'  "{pattern}": {{{keys}access: {{staging: {tier}}}}}\n'
        for (keys, pattern), tier in zip((wider, own), tiers, strict=True)
    )
    defined = "".join(f"  {name}: {{actions: [ecr:{of}]}}\n" for name, of in tiers.items())
    rule = "guards: {rules: [{never: pull, to: staging, on: payments/*, because: it only runs}]}\n"
    found = load(f"repositories:\n{entries}tiers:\n{defined}{rule}", head=MANAGED).problems
    expected = [("never", 5), ("never", 6)] if breaks else []
    assert [(problem.rule, problem.place.line) for problem in found] == expected


@pytest.mark.parametrize(("policy", "rules"), [("manage", []), ("report", ["idle-action"])])
def test_a_tier_of_actions_before_the_repository_exists(policy: str, rules: list[str]) -> None:
    text = (
        "tiers: {mirror: {actions: [ecr:CreateRepository]}}\n"
        "repositories: {a/*: {via: registry-policy, access: {staging: mirror}}}\n"
    )
    found = load(text, head=MANAGED.replace("manage", policy)).problems
    assert [p.rule for p in found if p.severity == "warning"] == rules


@pytest.mark.parametrize(
    ("resource", "head", "denied"),
    [
        ('Resource: "*"', MANAGED, True),
        (f'Resource: "{HERE}/*"', MANAGED, True),
        (f'Resource: "{HERE}/payments/*"', MANAGED, True),
        (f'Resource: "{HERE}/payments/a?i"', MANAGED, True),
        (f'Resource: "{HERE}/mine/*"', MANAGED, False),
        (f'Resource: "{HERE}/${{aws:PrincipalTag/team}}/api"', MANAGED, False),
        ('Resource: "arn:aws:ecr:*"', MANAGED, False),
        ('Resource: "arn:aws:ecr:us-west-2:111122223333:*"', MANAGED, True),
        (f'NotResource: "{HERE}/mine/*"', MANAGED, False),
        (f'Resource: "{HERE}/*"', SEVERAL, False),
        (f'Resource: ["{HERE}/*", "{ELSEWHERE}/*"]', SEVERAL, True),
        ('Resource: "arn:aws:ecr:*:111122223333:repository/*"', SEVERAL, True),
    ],
)
def test_a_deny_of_the_registrys_policy_counts_where_it_certainly_applies(
    resource: str, head: str, *, denied: bool
) -> None:
    statement = allow(resource, action="ecr:*").replace("Allow", "Deny", 1)
    found = load(
        "repositories: {payments/api: {access: {staging: push}}}\n"
        f"registry_statements: [{statement}]\n",
        head=head,
    )
    assert [problem.rule for problem in found.problems] == ["grant-denied"] * denied


@pytest.mark.parametrize(
    ("entry", "raw", "public"),
    [
        ('"*": {via: registry-policy, access: {anyone: pull}}', "", True),
        ('"site/*": {via: registry-policy, access: {anyone: pull}}', "", False),
        ('"site/*": {}', f'Resource: "{HERE}/site/a*"', False),
        ('"site/*": {}', f'Resource: "{HERE}/*"', True),
        ('"site/*": {}', f'Resource: "{HERE}/other/one"', True),
        ('"other/*": {}', f'Resource: "{HERE}/other/*"', True),
    ],
)
def test_public_access_by_the_registrys_policy(entry: str, raw: str, *, public: bool) -> None:
    statement = allow(raw, action="ecr:BatchGetImage").replace('{AWS: "777788889999"}', '"*"')
    text = (
        "principals: {anyone: {public: true}}\n"
        f"repositories: {{{entry}}}\n"
        "guards: {public: {allow: [site/*]}}\n"
    )
    text += f"registry_statements: [{statement}]\n" if raw else ""
    loaded = load(text, head=MANAGED)
    assert [p.rule for p in loaded.problems if p.severity == "error"] == ["public"] * public


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("payments/api: {access: {anyone: pull}}", ["public"]),
        ('"payments/*": {access: {anyone: pull}}', ["public"]),
        ("payments/api: {access: {staging: push}}", ["never"]),
        ('"payments/*": {via: registry-policy, access: {staging: push, anyone: pull}}', []),
    ],
)
def test_a_deny_of_the_registrys_policy_makes_up_for_no_repositorys(
    entry: str, found: list[str]
) -> None:
    """As in a plan: others can remove the Deny, and a repository's own policy then stands alone."""
    deny = (
        f'{{Sid: EcrAccessX, Effect: Deny, Principal: "*", Action: "ecr:*", Resource: "{HERE}/*"}}'
    )
    loaded = load(
        f"principals: {{anyone: {{public: true}}}}\nrepositories: {{{entry}}}\n"
        f"registry_statements: [{deny}]\n{NEVER}",
        head=MANAGED,
    )
    assert [p.rule for p in loaded.problems if p.severity == "error"] == found


def test_public_access_of_an_entry_can_be_allowed_for_one_run() -> None:
    text = (
        "principals: {anyone: {public: true}}\n"
        'repositories: {"*": {via: registry-policy, access: {anyone: pull}}}\n'
    )
    (problem,) = load(text, head=MANAGED).problems
    assert problem.repository == "*"
    assert load(text, head=MANAGED, allow_public=frozenset({"*"})).problems == ()


def carried(number: int, *, patterns: int = 1) -> str:
    roles = ", ".join(
        f'"arn:aws:iam::777788889999:role/deployment/role-{n:04}": pull' for n in range(number)
    )
    entries = "".join(
        f'  "payments-{n:03}/*": {{via: registry-policy, access: {{{roles}}}}}\n'
        for n in range(patterns)
    )
    return f"repositories:\n{entries}"


@pytest.mark.parametrize(
    ("number", "patterns", "rule"),
    [
        (10, 1, None),
        (160, 1, "policy-nearly-too-large"),
        (200, 1, "policy-too-large"),
        (2_000, 1, "policy-too-large"),
        (10_500, 1, "policy-too-large"),
        (1, 140, "policy-nearly-too-large"),
        (1, 200, "policy-too-large"),
        (1, 700, "policy-too-large"),
    ],
)
def test_the_size_of_the_registrys_policy(number: int, patterns: int, rule: str | None) -> None:
    found = load(carried(number, patterns=patterns), head=MANAGED).problems
    assert [(p.rule, p.place.line) for p in found] == ([] if rule is None else [(rule, 5)])
    for problem in found:
        assert "the registry" in problem.message
        assert ("remove via from some" in (problem.hint or "")) == (patterns > 1)


def test_the_size_is_that_in_the_region_with_the_longest_name() -> None:
    several = MANAGED.replace("us-west-2", "us-west-2, ap-southeast-1, us-east-1")
    assert load(carried(1, patterns=122), head=MANAGED).problems == ()
    (problem,) = load(carried(1, patterns=122), head=several).problems
    assert problem.rule == "policy-nearly-too-large"


def test_a_size_with_raw_statements_alone() -> None:
    names = ", ".join(f'"{HERE}/payments/{n:03}"' for n in range(200))
    text = f"repositories: {{}}\nregistry_statements: [{allow(f'Resource: [{names}]')}]\n"
    (problem,) = load(text, head=MANAGED).problems
    assert (problem.rule, problem.place.line) == ("policy-too-large", 5)


def test_the_size_of_a_templates_policy() -> None:
    """Each entry's own policy is small enough; the template has both."""
    roles = [f'"arn:aws:iam::777788889999:role/deployment/role-{n:04}": pull' for n in range(240)]
    text = (
        "repositories:\n"
        f'  "pay*": {{access: {{{", ".join(roles[:120])}}}}}\n'
        f'  "payments/*": {{create_on: [push], access: {{{", ".join(roles[120:])}}}}}\n'
    )
    (problem,) = load(text, head=MANAGED).problems
    assert (problem.rule, problem.place.line) == ("policy-too-large", 6)
    assert "the creation template 'payments'" in problem.message
    assert load(text.replace("create_on: [push]", "create_on: []"), head=MANAGED).problems == ()


def test_what_is_carried_by_the_registry_takes_no_room_in_a_repositorys_policy() -> None:
    text = carried(150) + '  "payments-0*": {access: {}}\n  payments-000/api: {access: {}}\n'
    found = load(text, head=MANAGED).problems
    assert {problem.message.partition(" has ")[0] for problem in found} <= {
        "the policy of the registry"
    }


REGIONS = ("us-west-2", "eu-west-1")
FIELDS = st.sampled_from(["arn:aws:ecr", "arn:*:ecr", "arn:aws:*"])
NAMES = st.sampled_from(["aa", "a/b", "a/bb", "b/b"])
ARNS = st.one_of(
    st.just("*"),
    st.just("arn:aws:ecr:*"),
    st.builds(
        "{}:{}:{}:{}".format,
        FIELDS,
        st.sampled_from([*REGIONS, "*", "us-*"]),
        st.sampled_from(["111122223333", "*", "444455556666"]),
        st.one_of(
            st.just("*"),
            st.sampled_from(
                ["a", "a/*", "*", "a*", "a/?", "*/b", "${aws:PrincipalTag/t}", "a/b"]
            ).map("repository/{}".format),
        ),
    ),
)


@for_any(
    st.lists(
        st.tuples(
            st.sampled_from(["Allow", "Deny"]),
            st.sampled_from(["Resource", "NotResource"]),
            st.lists(ARNS, min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sets(NAMES),
    st.sampled_from([REGIONS, REGIONS[:1]]),
)
def test_what_is_judged_on_a_repository_is_no_less_than_what_applies(
    written: list[tuple[str, str, list[str]]], names: set[str], regions: tuple[str, ...]
) -> None:
    """An Allow that may apply in a region is judged; a Deny is only if it applies in all."""
    statements = tuple(
        PlacedRegistryStatement(
            parse_registry_statement(
                {
                    "Sid": str(number),
                    "Effect": effect,
                    "Principal": {"AWS": "777788889999"},
                    "Action": "ecr:PutImage",
                    element: arns,
                }
            ),
            Place("f.yaml", number + 10, 1),
            Place("f.yaml", number + 10, 2),
        )
        for number, (effect, element, arns) in enumerate(written)
    )
    entries = "".join(f"  {name}: {{}}\n" for name in sorted(names)) or "  {}\n"
    head = MANAGED.replace("us-west-2", ", ".join(regions))
    read = valid(f"repositories:\n{entries}", head=head)
    access = replace(read, registry_statements=statements)
    combined = entries_by_name(access, None)
    judged = dict(with_registry_statements(access, combined, ProblemList()))
    for name in names:
        found = {one.statement.sid for entry in judged[name] for one in entry.statements}
        for placed in access.registry_statements:
            arns = (f"arn:aws:ecr:{region}:111122223333:repository/{name}" for region in regions)
            answers = {placed.statement.resources.include(arn) for arn in arns}
            statement = placed.statement.statement
            if statement.effect == "Allow" and answers != {False}:
                assert statement.sid in found
            if statement.effect == "Deny" and answers != {True}:
                assert statement.sid not in found
