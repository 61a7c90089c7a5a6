"""`create` and `settings`: what a repository that does not exist is made with."""

import pytest

from reconciler.access_file.desired import to_create
from reconciler.model.registry import RepositorySettings
from tests.access_file.files import HEAD, desired, given, load, rules, valid

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
MULTI_REGION_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
OWN_ARN = "arn:aws:kms:us-west-2:111122223333"
SEVERAL = 'version: 1\nregistry: {account: "111122223333", regions: [us-west-2, eu-west-1]}\n'


def entry(settings: str) -> str:
    return f"repositories: {{tools/one: {{create: true, settings: {settings}}}}}\n"


def settings_of(settings: str) -> RepositorySettings | None:
    return valid(entry(settings)).entries[0].settings


def of_key(key: str, head: str = HEAD) -> list[str]:
    return rules(load(entry(f'{{encryption: {{kms_key: "{key}"}}}}'), head=head))


@pytest.mark.parametrize(
    ("written", "settings"),
    [
        ("{}", None),
        ("{create: false}", None),
        ("{access: {}}", None),
        ("{create: true}", RepositorySettings()),
        ("{create: true, settings: {}}", RepositorySettings()),
    ],
)
def test_only_what_is_to_be_made_has_settings(
    written: str, settings: RepositorySettings | None
) -> None:
    access = valid(f"repositories: {{tools/one: {written}}}\n")
    assert access.entries[0].settings == settings
    assert to_create(access) == ({} if settings is None else {"tools/one": settings})


@pytest.mark.parametrize(
    ("written", "settings"),
    [
        ("{tag_mutability: immutable}", RepositorySettings(tag_mutability="IMMUTABLE")),
        ("{tag_mutability: mutable}", RepositorySettings()),
        ("{scan_on_push: true}", RepositorySettings(scan_on_push=True)),
        ("{scan_on_push: false}", RepositorySettings()),
        ("{encryption: aes256}", RepositorySettings()),
        ("{encryption: kms}", RepositorySettings(encryption="KMS")),
        (
            "{encryption: {kms_key: alias/images}}",
            RepositorySettings(encryption="KMS", kms_key="alias/images"),
        ),
        ("{tags: {}}", RepositorySettings()),
        (
            '{tags: {team: payments, cost: "12", Team: ""}}',
            RepositorySettings(tags=(("Team", ""), ("cost", "12"), ("team", "payments"))),
        ),
    ],
)
def test_each_setting_becomes_what_ecr_calls_it(written: str, settings: RepositorySettings) -> None:
    assert settings_of(written) == settings


def test_making_a_repository_changes_no_policy() -> None:
    access = valid(
        "repositories:\n"
        '  tools/one: {create: true, access: {"444455556666": push}}\n'
        '  "tools/*": {access: {"444455556666": pull}}\n'
    )
    assert given(access, "tools/one") == {"None pull", "None push"}
    assert list(desired(access, [])) == ["tools/one"]
    assert list(to_create(access)) == ["tools/one"]


@pytest.mark.parametrize(
    "key",
    [
        KEY_ID,
        MULTI_REGION_ID,
        "alias/images",
        "alias/aws/ecr",
        f"{OWN_ARN}:key/{KEY_ID}",
        f"{OWN_ARN}:key/{MULTI_REGION_ID}",
        f"{OWN_ARN}:alias/team/images_1",
        "arn:aws:kms:us-west-2:444455556666:alias/images",
    ],
)
def test_a_key_is_an_arn_an_id_or_an_alias(key: str) -> None:
    settings = settings_of(f'{{encryption: {{kms_key: "{key}"}}}}')
    assert settings == RepositorySettings(encryption="KMS", kms_key=key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "images",
        "alias/",
        "alias/images!",
        "alias/" + "a" * 251,
        KEY_ID.upper(),
        KEY_ID[:-1],
        f"key/{KEY_ID}",
        f"mrk-{KEY_ID}",
        f"{OWN_ARN}:key/images",
        f"{OWN_ARN}:{KEY_ID}",
        f"{OWN_ARN}:key/*",
        f"{OWN_ARN}:alias/images\\n",
        f"arn:aws:kms::111122223333:key/{KEY_ID}",
        "arn:aws:kms:us-west-2:11112222333:alias/images",
        "arn:aws:iam::111122223333:role/images",
        "arn:",
    ],
)
def test_what_names_no_key_is_refused(key: str) -> None:
    assert of_key(key) == ["bad-kms-key"]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (f"arn:aws:kms:us-west-1:111122223333:key/{KEY_ID}", ["wrong-region"]),
        ("arn:aws:kms:eu-west-1:111122223333:alias/images", ["wrong-region"]),
        ("arn:aws-cn:kms:cn-north-1:111122223333:alias/images", ["wrong-partition"]),
        ("arn:aws-cn:kms:us-west-2:111122223333:alias/images", ["wrong-partition"]),
    ],
)
def test_a_key_must_be_where_the_repository_is(key: str, found: list[str]) -> None:
    assert of_key(key) == found


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("alias/images", []),
        (MULTI_REGION_ID, []),
        (KEY_ID, ["wrong-region"]),
        (f"{OWN_ARN}:alias/images", ["wrong-region"]),
        (f"{OWN_ARN}:key/{MULTI_REGION_ID}", ["wrong-region"]),
    ],
)
def test_with_several_regions_a_key_must_be_in_each(key: str, found: list[str]) -> None:
    assert of_key(key, head=SEVERAL) == found


def test_the_account_of_a_key_must_be_named_where_accounts_are() -> None:
    text = entry('{encryption: {kms_key: "arn:aws:kms:us-west-2:444455556666:alias/images"}}')
    assert rules(load(text)) == []
    assert rules(load(f'accounts: {{keys: "444455556666"}}\n{text}')) == []
    assert rules(load(f'accounts: {{others: "777788889999"}}\n{text}')) == ["unnamed-account"]


@pytest.mark.parametrize("tag", ["k" * 128, "größe", "名前", "a b", "+-=._:/@", "my-aws:tag", "9"])
def test_a_tag_may_be(tag: str) -> None:
    assert rules(load(entry(f'{{tags: {{"{tag}": "{tag}{tag}"}}}}'))) == []


@pytest.mark.parametrize("tag", ["aws:x", "AWS:x", "aWs:", "a#b", "a,b", "a(b)", "a\\tb", "a\\nb"])
def test_a_tag_may_not_be(tag: str) -> None:
    assert rules(load(entry(f'{{tags: {{"{tag}": ""}}}}'))) == ["bad-tag"]
    assert rules(load(entry(f'{{tags: {{team: "{tag}"}}}}'))) == ["bad-tag"]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [(0, 1, ["bad-tag"]), (1, 0, []), (128, 256, []), (129, 1, ["bad-tag"]), (1, 257, ["bad-tag"])],
)
def test_the_length_of_tags(key: int, value: int, found: list[str]) -> None:
    assert rules(load(entry(f'{{tags: {{"{"k" * key}": "{"v" * value}"}}}}'))) == found


@pytest.mark.parametrize(("count", "found"), [(50, []), (51, ["bad-value"])])
def test_the_number_of_tags(count: int, found: list[str]) -> None:
    tags = ", ".join(f"k{n}: v" for n in range(count))
    assert rules(load(entry(f"{{tags: {{{tags}}}}}"))) == found


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("[]", "wrong-type"),
        ("{tag_mutability: IMMUTABLE}", "bad-value"),
        ('{scan_on_push: "true"}', "wrong-type"),
        ("{encryption: true}", "wrong-type"),
        ("{encryption: AES256}", "bad-value"),
        ("{encryption: {}}", "missing-key"),
        ("{encryption: {key: alias/images}}", "unknown-key"),
        ("{tags: {team: 1}}", "wrong-type"),
        ("{lifecycle: {}}", "unknown-key"),
    ],
)
def test_settings_of_another_shape(settings: str, found: str) -> None:
    assert found in rules(load(entry(settings)))
