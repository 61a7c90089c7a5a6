"""An import into a file with several registries, or with regions that differ."""

import json

import pytest

from reconciler.adopt.merging import is_preserved
from reconciler.errors import ArgumentError
from reconciler.workflow import AdoptionStyle, adopt_policies, load
from reconciler.workflow.adopter import Adopted
from tests.access_file.files import load_access
from tests.adopt.making import NOW, allow, base_of, role

REGISTRIES = """\
version: 1
registries:
  - {name: central, account: "111122223333", regions: [us-west-2, eu-west-1]}
  - {name: staging, account: "222233334444", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
principals: {ci: {role: ci, account: workloads}}
repositories:
  everywhere: {access: {ci: pull}}
  of-central:
    registries: [central]
    access: {ci: pull}
"""
REGIONS = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1]}
accounts: {workloads: "444455556666"}
principals: {ci: {role: ci, account: workloads}}
repositories:
  everywhere: {access: {ci: pull}}
  of-eu: {regions: [eu-west-1], access: {ci: pull}}
"""
LIVE = {
    "everywhere": [allow(role("ci"))],
    "of-central": [allow(role("ci"))],
    "app/new": [allow(role("ci"))],
}


def adopted(
    file: str, account: str | None = None, regions: tuple[str, ...] = (), **live: object
) -> Adopted:
    policies = {
        name: {"Version": "2012-10-17", "Statement": statements}
        for name, statements in (live or LIVE).items()
    }
    source = load(file.encode(), "ecr_access.yaml", now=NOW)
    return adopt_policies(
        json.dumps(policies).encode(),
        "live.json",
        account=account,
        regions=regions,
        style=AdoptionStyle({}, into=source),
        now=NOW,
    )


def test_a_new_entry_is_of_the_registry_that_it_was_read_from() -> None:
    found = adopted(REGISTRIES, "222233334444").imported
    assert found.repositories == ("app/new",)
    assert found.text.startswith(REGISTRIES)
    new = load_access(found.text.encode(), "file", now=NOW)
    entries = {p.registry.name: [e.repository for e in p.entries] for p in new.parts}
    assert entries == {
        "central": ["everywhere", "of-central"],
        "staging": ["everywhere", "app/new"],
    }


def test_a_name_that_other_registries_have_an_entry_for_is_left_out() -> None:
    (left,) = adopted(REGISTRIES, "222233334444").imported.notes.left_out
    assert left.repository == "of-central"
    assert left.reason == "the file has an entry of this name, for other registries or regions"


def test_a_new_entry_is_of_the_regions_that_it_was_read_from() -> None:
    found = adopted(REGIONS, regions=("us-west-2",)).imported
    assert set(found.repositories) == {"app/new", "of-central"}
    parts = load_access(found.text.encode(), "file", now=NOW).parts
    assert {p.registry.regions: sorted(e.repository for e in p.entries) for p in parts} == {
        ("us-west-2",): ["app/new", "everywhere", "of-central"],
        ("eu-west-1",): ["everywhere", "of-eu"],
    }


WEST, EU = "111122223333 us-west-2", "111122223333 eu-west-1"
MANY = REGISTRIES.replace("us-west-2]}\naccounts", "us-west-2]}\naccounts")


@pytest.mark.parametrize(
    ("file", "account", "regions", "message", "hint"),
    [
        (
            REGISTRIES,
            None,
            (),
            "the file to add to has several registries, without account",
            f"name one of these: {WEST} eu-west-1; 222233334444 us-west-2",
        ),
        (
            REGIONS,
            "111122223333",
            (),
            "the file to add to has several parts, without region",
            f"name one of these: {WEST}; {EU}",
        ),
        (
            REGISTRIES,
            "999900001111",
            (),
            "account 999900001111: the file to add to is of the registries 111122223333, "
            "222233334444",
            None,
        ),
        (
            REGIONS,
            None,
            ("ap-south-1",),
            "region ap-south-1: the file to add to is of us-west-2 or of eu-west-1",
            None,
        ),
    ],
)
def test_which_part_is_meant_has_to_be_clear(
    file: str, account: str | None, regions: tuple[str, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(ArgumentError) as caught:
        adopted(file, account, regions)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  everywhere: {", "  more: {access: {ci: pull}}\n  everywhere: {"),
        ("registries: [central]\n    access: {ci: pull}", "registries: [central]\n    access: {}"),
        ("regions: [us-west-2]}\nacc", "regions: [us-east-1]}\nacc"),
        ('  - {name: staging, account: "222233334444", regions: [us-west-2]}\n', ""),
    ],
)
def test_a_change_of_another_part_is_found(old: str, new: str) -> None:
    base = base_of(REGISTRIES)
    swapped = base._replace(access=base.others[0], others=(base.access,))
    assert REGISTRIES.count(old) == 1
    changed = load_access(REGISTRIES.replace(old, new).encode(), "file", now=NOW).parts
    assert changed
    assert is_preserved(swapped, (base.access, *base.others))
    assert not is_preserved(swapped, changed)
