"""What two versions of a file ask for differently."""

import pytest

from reconciler.access_file.versions import VersionDifference, without_requests
from tests.access_file.files import HEAD, NOW, valid

NAMES = """\
accounts: {workloads: "444455556666", staging: "777788889999"}
principals:
  ci: {role: ci, account: workloads}
  runtime: {role: runtime, account: workloads}
  both: [ci, runtime]
tiers:
  fetch: {actions: [ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]}
"""
MANAGED = HEAD.replace("]}", "], policy: manage}")
ONE = "repositories: {a/one: {access: {ci: pull}}, b/two: {access: {ci: pull}}}"


def difference(older: str, newer: str, head: str = HEAD) -> VersionDifference:
    old, new = (
        valid(text if "\ntiers" in text else NAMES + text, head=head) for text in (older, newer)
    )
    return VersionDifference(old, new, NOW)


def entries(text: str) -> str:
    return f"repositories: {{{text}}}"


@pytest.mark.parametrize(
    ("older", "newer", "differing"),
    [
        # What an entry says.
        ("aa: {access: {ci: pull}}", "aa: {access: {ci: pull}}", ""),
        ("aa: {access: {ci: pull}}", "aa: {access: {ci: push-pull}}", "aa"),
        ("aa: {access: {ci: pull}}", "aa: {access: {ci: fetch}}", ""),
        ("aa: {access: {ci: push-pull}}", "aa: {access: {ci: [push, pull]}}", ""),
        ("aa: {access: {ci: pull, runtime: pull}}", "aa: {access: {both: pull}}", ""),
        ("aa: {access: {ci: pull}}", "aa: {access: {}}", "aa"),
        ("aa: {access: {ci: pull}}, bb: {}", "bb: {}, aa: {access: {ci: pull}}", ""),
        ("aa: {access: {ci: {tier: pull, reason: x}}}", "aa: {access: {ci: pull}}", ""),
        (
            "aa: {statements: [{Effect: Deny, Principal: '*', Action: ecr:PutImage}]}",
            "aa: {}",
            "aa",
        ),
        # Entries that come and go.
        ("", "aa: {access: {ci: pull}}", "aa"),
        ("", "aa: {}", "aa"),
        ("aa: {access: {ci: pull}}", "", ""),
        # Settings.
        ("aa: {create: true, access: {ci: pull}}", "aa: {access: {ci: pull}}", "aa"),
        (
            "aa: {create: true, access: {ci: pull}}",
            "aa: {create: true, settings: {scan_on_push: true}, access: {ci: pull}}",
            "aa",
        ),
        # Time.
        ("aa: {access: {ci: {tier: pull, until: 2027-01-01}}}", "aa: {access: {ci: pull}}", "aa"),
        (
            "aa: {access: {ci: {tier: pull, until: 2025-01-01}}}",
            "aa: {access: {ci: {tier: pull, until: 2027-01-01}}}",
            "aa",
        ),
        ("aa: {access: {ci: {tier: pull, until: 2025-01-01}}}", "aa: {access: {}}", "aa"),
        (
            "aa: {access: {ci: {tier: pull, until: 2025-01-01}}}",
            "aa: {access: {ci: {tier: pull, until: 2025-01-01, reason: x}}}",
            "",
        ),
        # Patterns.
        ("'t/*': {access: {ci: pull}}, t/a: {}", "'t/*': {access: {ci: push}}, t/a: {}", "t/a"),
        ("'t/*': {access: {ci: pull}}, t/a: {}", "t/a: {}", "t/a"),
        ("'t/*': {access: {ci: pull}}, t/a: {}", "'t/*': {access: {ci: pull}}", ""),
        ("'t/*': {access: {ci: pull}}", "'t/*': {access: {ci: pull}}, t/a: {}", ""),
        (
            "'t/*': {access: {ci: pull}}",
            "'t/*': {access: {ci: pull}}, t/a: {inherit: false}",
            "t/a",
        ),
        ("'t/*': {access: {ci: pull}}, t/a: {}", "t/a: {access: {ci: pull}}", ""),
        (
            "'t/*': {access: {ci: pull}}, t/a: {}",
            "'t/*': {access: {ci: pull}}, t/a: {inherit: false}",
            "t/a",
        ),
        (
            "t/a: {access: {ci: push}}, 't/*': {access: {ci: pull}}",
            "'t/*': {access: {ci: pull}}",
            "t/a",
        ),
        (
            "'t/*': {access: {ci: pull}}, t/a: {}, t/b: {inherit: false}",
            "'t/*': {access: {ci: push}}, t/a: {}, t/b: {inherit: false}",
            "t/a",
        ),
    ],
)
def test_the_named_repositories_that_differ(older: str, newer: str, differing: str) -> None:
    found = difference(entries(older), entries(newer))
    assert found.repositories() == frozenset(differing.split())


@pytest.mark.parametrize(
    ("older", "newer", "listed"),
    [
        ("'t/*': {access: {ci: pull}}", "'t/*': {access: {ci: pull}}", ""),
        ("'t/*': {access: {ci: pull}}", "'t/*': {access: {ci: push}}", "t/x t/y"),
        ("", "'t/*': {}", "t/x t/y"),
        ("'t/*': {access: {ci: pull}}", "", ""),
        ("'t/*': {access: {ci: pull}}", "'t/x*': {access: {ci: pull}}", ""),
        ("'t/*': {access: {ci: pull}}", "'t/?': {access: {ci: pull}}", ""),
        (
            "'*': {access: {ci: pull}}, 't/*': {access: {ci: push}}",
            "'*': {access: {ci: pull}}, 't/x*': {access: {ci: push}}",
            "t/y",
        ),
    ],
)
def test_what_a_pattern_means_is_resolved_for_each_repository(
    older: str, newer: str, listed: str
) -> None:
    found = difference(entries(older), entries(newer))
    assert found.repositories(["t/x", "t/y", "u/x"]) == frozenset(listed.split())
    assert bool(found.patterns) == (older != newer)


def test_a_change_of_a_principal_or_tier_is_a_change_where_it_is_used() -> None:
    used = NAMES + "repositories: {aa: {access: {ci: fetch}}, bb: {access: {runtime: pull}}}"
    other_role = used.replace("{role: ci,", "{role: ci-2,")
    assert difference(used, other_role).repositories() == {"aa"}
    more = used.replace("actions: [", "actions: [ecr:ListImages, ")
    assert difference(used, more).repositories() == {"aa"}


@pytest.mark.parametrize(
    ("older", "newer", "differing"),
    [
        ("", "rules: [{never: push, to: runtime, on: a/one, because: x}]", "a/one"),
        ("rules: [{never: push, to: runtime, on: a/one, because: x}]", "", "a/one"),
        ("", "rules: [{never: push, to: runtime, because: x}]", "a/one b/two"),
        ("", "max_revoked: {percent: 1, count: 1}", ""),
        ("", "public: {allow: [a/one]}", ""),
    ],
)
def test_a_never_rule_concerns_repositories_and_other_guards_do_not(
    older: str, newer: str, differing: str
) -> None:
    old, new = (f"guards: {{{guards}}}\n{ONE}" for guards in (older, newer))
    assert difference(old, new).repositories() == frozenset(differing.split())


def test_a_never_rule_on_a_pattern_makes_the_patterns_differ_that_it_may_concern() -> None:
    rule = "guards: {rules: [{never: push, to: runtime, on: 'a/*', because: x}]}\n"
    text = entries("'a/x*': {access: {ci: pull}}, 'b/*': {access: {ci: pull}}")
    found = difference(text, rule + text)
    assert found.patterns == {"a/x*"}
    assert found.repositories(["a/x", "a/y", "b/x"]) == {"a/x"}


@pytest.mark.parametrize(
    ("older", "newer", "removed"),
    [
        ("aa: {}, bb: {}", "bb: {}", "aa"),
        ("aa: {}, 'b/*': {}", "", "aa b/*"),
        ("b/x: {}, b/y: {}, 'b/c/*': {}", "b/x: {inherit: false}, 'b/*': {}", ""),
        ("b/x: {}, 'b/*': {}, 'b/x?': {}", "'b/?': {}", "b/* b/x?"),
        ("'b/*': {via: registry-policy, access: {ci: pull}}", "", ""),
    ],
)
def test_an_entry_is_removed_where_no_other_takes_its_place(
    older: str, newer: str, removed: str
) -> None:
    found = difference(entries(older), entries(newer), MANAGED).removed
    assert found == frozenset(removed.split())


KEEP = "unmanaged: {statements: {default: keep}}\n"
RULE = "unmanaged: {statements: {keep: [{sid: Theirs, service: lambda.amazonaws.com}]}}\n"


@pytest.mark.parametrize(
    ("older", "newer", "everything"),
    [("", KEEP, False), (KEEP, "", True), ("", RULE, False), (RULE, "", True)],
)
def test_all_repositories_differ_where_fewer_statements_of_others_are_kept(
    older: str, newer: str, everything: bool
) -> None:
    text = entries("aa: {access: {ci: pull}}, 'b/*': {access: {ci: pull}}")
    found = difference(older + text, newer + text)
    assert found.repositories(["b/x", "cc"]) == (
        frozenset({"aa", "b/x"}) if everything else frozenset()
    )
    assert found.patterns == (frozenset({"b/*"}) if everything else frozenset())


VIA = "'s/*': {via: registry-policy, access: {ci: pull}}"
RAW = (
    "registry_statements: [{Effect: Allow, Principal: {AWS: '444455556666'}, "
    "Action: 'ecr:BatchGetImage', Resource: 'arn:aws:ecr:us-west-2:111122223333:repository/*'}]\n"
)


@pytest.mark.parametrize(
    ("older", "newer", "of_registry", "listed"),
    [
        (entries(VIA), entries(VIA), False, ""),
        (entries(VIA), entries(VIA.replace("pull", "push")), True, "s/x"),
        (entries(""), entries(VIA), True, "s/x"),
        (entries(VIA), entries(VIA.replace("pull", "fetch")), False, ""),
        (entries(VIA), entries(f"{VIA}, aa: {{access: {{ci: pull}}}}"), False, "aa"),
        (entries(VIA), RAW + entries(VIA), True, "s/x"),
        (
            entries(VIA),
            "unmanaged: {registry_statements: remove}\n" + entries(VIA),
            True,
            "s/x",
        ),
        (
            "unmanaged: {registry_statements: remove}\n" + entries(VIA),
            entries(VIA),
            False,
            "",
        ),
    ],
)
def test_the_registrys_own_policy(older: str, newer: str, of_registry: bool, listed: str) -> None:
    found = difference(older, newer, MANAGED)
    assert found.registry_policy is of_registry
    assert found.repositories(["s/x"]) == frozenset(listed.split())


def test_the_registrys_policy_differs_where_it_becomes_managed() -> None:
    text = NAMES + ONE
    reported, managed = valid(text), valid(text, head=MANAGED)
    assert VersionDifference(reported, managed, NOW).registry_policy
    assert VersionDifference(reported, managed, NOW).repositories() == {"a/one", "b/two"}
    assert not VersionDifference(managed, reported, NOW).registry_policy


TEMPLATE = "'t/*': {create_on: [push], access: {ci: pull}}"


@pytest.mark.parametrize(
    ("older", "newer", "templates"),
    [
        (TEMPLATE, TEMPLATE, ""),
        ("", TEMPLATE, "t/*"),
        (TEMPLATE, "", "t/*"),
        (TEMPLATE, TEMPLATE.replace("[push]", "[]"), "t/*"),
        ("'t/*': {access: {ci: pull}}", TEMPLATE.replace("[push]", "[]"), "t/*"),
        (TEMPLATE, TEMPLATE.replace("[push]", "[push, replication]"), "t/*"),
        (TEMPLATE, TEMPLATE.replace("ci: pull", "ci: push"), "t/*"),
        (TEMPLATE, TEMPLATE.replace("ci: pull", "ci: fetch"), ""),
        (TEMPLATE, f"{TEMPLATE}, '*': {{access: {{runtime: pull}}}}", "t/*"),
        (
            TEMPLATE,
            TEMPLATE.replace("access", "settings: {tag_mutability: immutable}, access"),
            "t/*",
        ),
    ],
)
def test_creation_templates(older: str, newer: str, templates: str) -> None:
    assert difference(entries(older), entries(newer)).templates == frozenset(templates.split())


def test_a_probe_repository_that_becomes_one_of_a_pattern_differs() -> None:
    text = NAMES + entries("'t/*': {access: {ci: pull}}")
    probing = valid(text, head=HEAD.replace("]}", "], probe_repository: t/probe}"))
    plain = valid(text)
    assert VersionDifference(probing, plain, NOW).repositories() == {"t/probe"}
    assert VersionDifference(plain, probing, NOW).repositories() == frozenset()


def test_in_a_new_registry_all_that_the_file_says_differs() -> None:
    text = f"{NAMES}repositories: {{aa: {{}}, {TEMPLATE}, {VIA}}}"
    access = valid(text, head=MANAGED)
    found = VersionDifference(without_requests(access), access, NOW)
    assert found.repositories(["t/x", "s/x", "uu"]) == {"aa", "t/x", "s/x"}
    assert found.patterns == {"t/*", "s/*"}
    assert found.templates == {"t/*"}
    assert found.registry_policy
