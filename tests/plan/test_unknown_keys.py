"""Live condition keys that AWS does not document."""

from reconciler.printable import printable
from tests.plan.making import desired, live, plan
from tests.policy.making import ROLE, Json, allow, deny


def messages(*statements: Json) -> list[str]:
    found = plan(desired(), live(*statements)).findings
    return [f.message for f in found if f.rule == "unknown-condition-key"]


def test_a_misspelt_key_is_named_once_with_what_was_meant() -> None:
    when = {"StringEquals": {"aws:PrincipleOrgID": "o-a1b2c3d4e5"}}
    assert messages(allow("*", when=when), deny(ROLE, when=when)) == [
        "the live policy uses aws:PrincipleOrgID, which is not a known condition key, so most "
        "likely no request has it; did you mean aws:PrincipalOrgID?"
    ]


def test_known_keys_and_those_of_other_services_are_left_alone() -> None:
    when = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "s3:nonsense": "x"}}
    assert messages(allow("*", when=when)) == []
    assert messages() == []


def test_hostile_keys_are_cut_and_escaped() -> None:
    when = {"StringEquals": {"aws:\x1b[31m" + "x" * 9_000: "x"}}
    (message,) = messages(allow(ROLE, when=when))
    assert "\\x1b[31mxxx" in printable(message)
    assert message.endswith(
        "…, which is not a known condition key, so most likely no request has it"
    )
    assert len(message) < 200
