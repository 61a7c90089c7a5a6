"""From a file and live names to what each repository is to have."""

from reconciler.access_file.desired import managed_names as managed
from reconciler.access_file.desired import patterns_without_match
from tests.access_file.files import desired, given, valid

ACCESS = valid(
    'accounts: {a: "444455556666", b: "777788889999", c: "999900001111"}\n'
    "repositories:\n"
    "  payments/api: {access: {a: push}}\n"
    "  payments/secret: {inherit: false, access: {a: pull}}\n"
    "  tools/empty: {access: {}}\n"
    '  "payments/*": {access: {b: pull}}\n'
    '  "*/ap?": {access: {a: pull}}\n'
    '  "idle-*": {access: {c: pull}}\n'
)


def test_offline_a_pattern_applies_to_the_entries_it_matches_and_stands_once() -> None:
    assert list(desired(ACCESS)) == [
        "*/ap?",
        "idle-*",
        "payments/*",
        "payments/api",
        "payments/secret",
        "tools/empty",
    ]
    assert given(ACCESS, "payments/api") == {"a push", "a pull", "b pull"}
    assert given(ACCESS, "payments/*") == {"b pull"}


def test_live_a_pattern_applies_to_every_repository_that_matches() -> None:
    live = ["payments/web", "x/api", "other", "payments/deep/er"]
    found = desired(ACCESS, live)
    assert list(found) == [
        "payments/api",
        "payments/deep/er",
        "payments/secret",
        "payments/web",
        "tools/empty",
        "x/api",
    ]
    assert given(ACCESS, "payments/deep/er", live) == {"b pull"}
    assert given(ACCESS, "x/api", live) == {"a pull"}


def test_inherit_false_leaves_the_patterns_out() -> None:
    assert given(ACCESS, "payments/secret") == {"a pull"}
    assert given(ACCESS, "payments/secret", ["payments/secret"]) == {"a pull"}


def test_empty_access_is_managed_and_gives_nothing() -> None:
    assert desired(ACCESS, ["tools/empty"])["tools/empty"].grants == ()
    assert managed(ACCESS, ["tools/empty"]) == ("tools/empty",)


def test_what_is_managed_and_what_is_not() -> None:
    live = ["other", "payments/web", "payments/api", "zzz"]
    assert managed(ACCESS, live) == ("payments/api", "payments/web")


def test_patterns_that_match_nothing_live() -> None:
    idle = patterns_without_match(ACCESS, ["payments/api", "x"])
    assert [entry.repository for entry in idle] == ["idle-*"]


def test_what_has_expired_is_told_apart() -> None:
    access = valid(
        "repositories:\n"
        "  payments/api:\n"
        "    access:\n"
        '      "444455556666": [{tier: pull, until: 2026-01-01}, {tier: push, until: 2026-01-02}]\n'
    )
    wanted = desired(access)["payments/api"]
    assert [grant.tier for grant in wanted.grants] == ["push"]
    assert [grant.tier for grant in wanted.expired] == ["pull"]


def test_one_grant_given_twice_is_one() -> None:
    access = valid(
        "repositories:\n"
        '  payments/api: {access: {"444455556666": [pull, pull]}}\n'
        '  "payments/*": {access: {"444455556666": pull}}\n'
    )
    assert len(desired(access)["payments/api"].grants) == 1


def test_statements_of_all_entries_add_up() -> None:
    deny = '{Effect: Deny, Principal: "*", Action: "ecr:DeleteRepository"}'
    access = valid(
        f"repositories:\n  payments/api: {{statements: [{deny}]}}\n"
        f'  "*": {{statements: [{deny.replace("DeleteRepository", "PutImage")}]}}\n'
    )
    actions = [statement["Action"] for statement in desired(access)["payments/api"].statements]
    assert actions == ["ecr:DeleteRepository", "ecr:PutImage"]
