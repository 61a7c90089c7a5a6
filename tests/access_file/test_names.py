"""Names: what may be one, wherever the file takes one."""

import pytest

from tests.access_file.files import NOW, load_access, rules

PLACES = ("registry", "account", "principal", "group", "tier")


def file(place: str, name: str) -> bytes:
    """Write a file that has a name in one of the places, and plain ones in the others."""
    names = {p: f"plain-{p}" for p in PLACES} | {place: name}
    registry, account, principal, group, tier = (f'"{names[p]}"' for p in PLACES)
    return f"""\
version: 1
registry: {{account: "111122223333", regions: [us-west-2], name: {registry}}}
accounts: {{{account}: "444455556666"}}
principals: {{{principal}: {{role: x, account: {account}}}, {group}: [{principal}, {account}]}}
tiers: {{{tier}: {{extends: pull}}}}
repositories: {{tools/one: {{access: {{{group}: {tier}, {principal}: push}}}}}}
""".encode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["a", "A.b_c-d/e@f+g", "x" * 64, "1a", "2030-01-01", "@team", "-"])
def test_what_is_a_name(place: str, name: str) -> None:
    assert rules(load_access(file(place, name), "f.yaml", now=NOW)) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        "123",
        "nothing",
        "a b",
        "ci (arn:aws:iam::444455556666:role/role2-1)   pull",
        "444455556666 (role/x",
        "a, b",
        "a:b",
        "a*",
        "größe",
        "\u0430dmin",
        "x\\n",
        'a\\"b',
        "a→b",
        "a=b",
        "a#b",
        "a'b",
    ],
)
def test_what_is_no_name(place: str, name: str) -> None:
    found = load_access(file(place, name), "f.yaml", now=NOW).problems
    (problem,) = (p for p in found if p.rule == "bad-name")
    assert "ASCII letters" in (problem.hint or "")
