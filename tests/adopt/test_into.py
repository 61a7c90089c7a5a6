"""An import into a file: what is new is added, and every old character stays where it was."""

import difflib

import pytest

from reconciler.access_file.layout.canonical import canonical
from reconciler.adopt.importing import Imported
from reconciler.adopt.merging import has_key, is_preserved
from reconciler.errors import InvalidError
from tests.adopt.making import (
    STAGING,
    WORKLOADS,
    Policies,
    allow,
    base_of,
    imported,
    plan_of,
    registry,
    role,
)

FILE = """\
# The file of the platform team.
version: 1
registry: {account: "111122223333", regions: [us-west-2]}   # central

accounts:
    workloads:   "444455556666"   # the workloads

# who
principals:
    ci: {role: role2-1, account: workloads}
    team: [ci, workloads]

repositories:
    payments/api:   # the api
        access:
            ci: pull

# the end
"""
POLICIES = {
    "payments/api": [allow(role("role2-1"))],
    "app/a": [allow([role("role2-1"), role("new", STAGING)])],
    "app/b": [allow([role("role2-1"), WORKLOADS], ["ecr:BatchGetImage"])],
}


def into(file: str, policies: Policies, names: dict[str, str] | None = None) -> Imported:
    """Import into a file, and check that a plan changes nothing of what was added."""
    found = imported(policies, names or {STAGING: "staging"}, into=file)
    plan = plan_of(found.text, registry(policies))
    assert not {change.target.repository for change in plan.changes} & set(found.repositories)
    return found


def added(old: str, new: str) -> list[str]:
    """The lines that a text has more than another one, which has to lose none."""
    lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
    assert not [line for line in lines if line.startswith("- ")]
    return [line[2:] for line in lines if line.startswith("+ ")]


def test_what_is_new_stands_below_what_was_there() -> None:
    found = into(FILE, POLICIES)
    assert found.repositories == ("app/a", "app/b")
    assert [line for line in added(FILE, found.text) if "#" not in line] == [
        '    staging: "777788889999"',
        "    new: {role: new, account: staging}",
        "",
        "tiers:",
        "  pull-partial: {actions: [ecr:BatchGetImage]}",
        "    app/a:",
        "      access: {ci: pull, new: pull}",
        "    app/b:",
        "      access: {ci: pull-partial, workloads: pull-partial}",
    ]
    assert found.text.endswith("\n# the end\n")


def test_a_canonical_file_stays_canonical() -> None:
    accounts = [f'{name}: "{name * 12}"' for name in "1234"]
    file = f"""\
version: 1

registry: {{account: "111122223333", regions: [us-west-2]}}

accounts: {{w{accounts[0]}, w{accounts[1]}, w{accounts[2]}, w{accounts[3]}}}

repositories: {{}}
"""
    assert canonical(file, "file") == file
    found = into(file, POLICIES, {STAGING: "staging", WORKLOADS: "workloads"}).text
    assert canonical(found, "file") == found
    lines = [*(f"  w{one}" for one in accounts), f'  staging: "{STAGING}"']
    assert "\n".join(["accounts:", *lines]) in found


def test_a_file_that_can_not_be_formatted_keeps_its_lines() -> None:
    file = f"%YAML 1.1\n---\n{FILE}"
    assert added(file, into(file, POLICIES).text)


def test_lines_end_as_those_of_the_file() -> None:
    found = into(FILE.replace("\n", "\r\n"), POLICIES)
    assert found.text.replace("\r\n", "\n") == into(FILE, POLICIES).text
    assert found.text.count("\r\n") == found.text.count("\n")


def test_lines_of_a_file_with_both_endings_keep_theirs() -> None:
    mixed = FILE.replace("\n", "\r\n", 3).removesuffix("\n")
    found = into(mixed, POLICIES).text
    kept = iter(found.split("\n"))
    assert all(line in kept for line in mixed.split("\n")[:-1])
    assert found.endswith("# the end\r\n")
    assert found.replace("\r\n", "\n") == into(FILE, POLICIES).text


def test_no_new_pattern_matches_a_repository_that_the_file_will_create() -> None:
    file = FILE.replace("payments/api:", "app/new:").replace(
        "access:", "create: true\n        access:"
    )
    policies = {name: [allow(role("other"))] for name in ("app/a", "app/b")}
    found = into(file, policies)
    assert found.repositories == ("app/a", "app/b")
    assert "app/*" not in found.text


def test_importing_again_adds_nothing() -> None:
    once = into(FILE, POLICIES)
    assert into(once.text, POLICIES).text == once.text
    assert into(once.text, POLICIES).repositories == ()


def test_what_a_pattern_or_the_probe_describes_is_not_added() -> None:
    file = FILE.replace("payments/api:", '"*/*":').replace(
        "regions: [us-west-2]}", "regions: [us-west-2], probe_repository: scratch}"
    )
    policies = {name: [allow(role("role2-1"))] for name in ("app/a", "scratch", "tools")}
    assert into(file, policies).repositories == ("tools",)


def test_the_groups_of_the_file_are_used() -> None:
    """Where their members go together in all that is new, and where they do not."""
    team = [allow([role("role2-1"), WORKLOADS])]
    found = into(FILE, {"payments/api": POLICIES["payments/api"], "app/a": team})
    assert "      access: {team: pull}" in added(FILE, found.text)
    found = into(FILE, {**POLICIES, "tools": team})
    assert "      access: {ci: pull, workloads: pull}" in added(FILE, found.text)
    file = FILE.replace("account: workloads}", "accounts: [workloads, staging]}").replace(
        "the workloads\n", f'the workloads\n    staging: "{STAGING}"\n'
    )
    both = [allow([role("role2-1"), role("role2-1", STAGING)])]
    found = into(file, {"payments/api": None, "app/a": both})
    assert "      access: {ci: pull}" in added(file, found.text)


def test_the_tiers_and_keep_rules_of_the_file_are_used() -> None:
    file = FILE.replace(
        "repositories:",
        "tiers: {look: {actions: [ecr:ListImages]}}\n"
        "unmanaged: {statements: {keep: [{sid: Backup, service: backup.amazonaws.com}]}}\n"
        "repositories:",
    ).replace("ci: pull", "ci: [pull, look]")
    backup = allow({"Service": "backup.amazonaws.com"}, Sid="Backup")
    policies = {
        "payments/api": [allow(role("role2-1"), ["ecr:ListImages"]), POLICIES["payments/api"][0]],
        "app/a": [allow(WORKLOADS, ["ecr:ListImages"]), backup],
    }
    found = into(file, policies)
    assert "      access: {workloads: look}" in added(file, found.text)
    assert found.notes.kept == ("app/a",)


def test_guards_of_the_file_stay_and_what_they_forbid_is_left_out() -> None:
    file = f"""{FILE}
guards:
  rules:
    - never: push
      to: {{outside: [workloads]}}
      because: >
        only workloads
        builds
"""
    policies = {
        **POLICIES,
        "pub/site": [allow("*")],
        "new/push": [allow(STAGING, ["ecr:PutImage"])],
    }
    found = into(file, policies)
    assert found.repositories == ("app/a", "app/b")
    assert {one.repository: one.reason.partition(":")[0] for one in found.notes.left_out} == {
        "pub/site": "the file's guards refuse it, unless guards.public.allow names it",
        "new/push": "a never rule of the file forbids it",
    }
    said = " ".join(found.text.replace("#", " ").split())
    assert (
        "pub/site: the file's guards refuse it, unless guards.public.allow names it: 'everyone' "
        "gives public access to 'pull'" in said
    )


def test_an_account_that_cant_be_named_is_left_out_where_a_file_names_its_accounts() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:PutImage",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
    }
    policies = {**POLICIES, "odd": [allow(WORKLOADS), deny]}
    assert [one.repository for one in into(FILE, policies).notes.left_out] == ["odd"]
    without = (
        'version: 1\nregistry: {account: "111122223333", regions: [us-west-2]}\nrepositories: {}\n'
    )
    assert into(without, policies).repositories == ("app/a", "app/b", "odd", "payments/api")


CHANGES = {
    "registry": ("regions: [us-west-2]", "regions: [us-east-1]"),
    "account": ("444455556666", "777788889999"),
    "principal": ("role2-1", "role2-2"),
    "group": ("[ci, workloads]", "[ci]"),
    "tier": ("ecr:ListImages", "ecr:PutImage"),
    "grant": ("ci: look", "ci: pull"),
    "statement": ("ecr:BatchDeleteImage", "ecr:PutImage"),
    "settings": ("scan_on_push: true", "scan_on_push: false"),
    "inherit": ("inherit: false", "inherit: true"),
    "entry": ("x/y:", "x/z:"),
    "limit": ("count: 3", "count: 4"),
    "never": ("never: push", "never: pull"),
    "ownership": ("default: keep", "default: remove"),
    "keep rule": ("sid: Backup", "sid: Copy"),
    "unmanaged": ("repositories: fail", "repositories: report"),
}
WHOLE = (
    FILE.replace(
        "ci: pull",
        "ci: look",
    )
    + """\
    x/y:
        create: true
        settings: {scan_on_push: true}
        inherit: false
        access: {team: pull}
        statements: [{Sid: EcrAccessX, Effect: Deny, Principal: "*", Action: ecr:BatchDeleteImage}]
tiers: {look: {actions: [ecr:ListImages]}}
guards:
    max_revoked: {count: 3}
    rules: [{never: push, to: ["444455556666"], on: none/such, because: reasons}]
unmanaged:
    repositories: fail
    statements: {default: keep, keep: [{sid: Backup, service: backup.amazonaws.com}]}
"""
)


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_what_a_file_said_is_found(old: str, new: str) -> None:
    base = base_of(WHOLE)
    assert is_preserved(base, [base_of(f"{WHOLE}# more\n").access])
    assert WHOLE.count(old) >= 1
    assert not is_preserved(base, [base_of(WHOLE.replace(old, new)).access])


FORMS = {
    "in braces": '{"version": 1, "registry": {"account": "111122223333", "regions": ["us-west-2"]},'
    ' "repositories": {"x/y": {}}}\n',
    "empty braces, no line break": (
        'version: 1\nregistry: {account: "111122223333", regions: [us-west-2]}\nrepositories: {}'
    ),
    "a comma at the end": """\
{version: 1, registry: {account: "111122223333", regions: [us-west-2]},
 principals: {ci: {role: role2-1, account: "444455556666"}, all: [ci,],},
 repositories: {x/y: {access: {all: pull}},  # the comma, and a comment
 },
}
""",
    "aliases": """\
version: 1
registry:
  account: "111122223333"
  regions:
  - us-west-2
repositories:
  x/y: &same
    access: {"444455556666": pull}
  x/z: *same
guards:
  rules:
  - never: push
    to: ["444455556666"]
    on: none/such
    because: |
      a long
      reason
""",
    "not in order": """\
repositories:
  x/y:
    access:
      "444455556666":
        - pull
registry: {account: "111122223333", regions: [
  us-west-2
]}
version: 1
""",
}


@pytest.mark.parametrize("file", FORMS.values(), ids=FORMS.keys())
def test_any_form_of_a_file_can_be_added_to(file: str) -> None:
    policies = {**POLICIES, "x/y": [allow(WORKLOADS)], "x/z": [allow(WORKLOADS)]}
    found = into(file, policies)
    assert {"app/a", "app/b"} <= set(found.repositories)
    assert into(found.text, policies).repositories == ()


def test_what_is_new_stands_below_an_alias_at_the_end() -> None:
    before, after = into(FORMS["aliases"], POLICIES).text.split("  x/z: *same\n")
    assert "app/a" not in before
    assert after.partition("guards:")[0].count("app/") == 2


def test_a_section_that_is_an_alias_cant_be_added_to() -> None:
    file = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: &same {workloads: "444455556666"}
tiers: {}
repositories: {}
"""
    assert has_key(file, "accounts")
    assert not has_key(file, "guards")
    with pytest.raises(InvalidError, match="nothing can be added where guards is an alias"):
        into(
            file.replace("repositories: {}", "repositories: &r {}\nguards: *r\n"),
            POLICIES,
        )
