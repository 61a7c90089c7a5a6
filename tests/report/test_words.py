"""Free text in a plan's words: where it ends can always be told."""

import json
import re

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RepositorySettings
from reconciler.model.templates import CreationTemplate
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.document import NotAction
from reconciler.policy.language.principals import (
    Principal,
    account_principal,
    plain_name,
    service_principal,
)
from reconciler.policy.language.resources import Resources
from reconciler.policy.meaning.facts import Holding, NamedPrincipal
from reconciler.printable import printable
from reconciler.report.words import (
    condition_words,
    holdings_words,
    principal_label,
    resources_words,
    settings_words,
    subject_name,
    template_words,
)
from tests.report.subjects import OWN, WEST

FORGED = [
    "x   pull",
    "x if Bool aws:SecureTransport true",
    'x" or "y',
    "x) (everyone",
    "x until 2030-01-01",
    "x, no scan on push",
    "arn:aws:iam::444455556666:role/x in workloads",
]
EVERYONE_IN = NamedPrincipal(
    Principal("AWS", ("*",)), (Clause("StringEquals", "aws:principalorgid", ("o-1 x",)),), "org"
)


def outside_quotes(told: str) -> str:
    """Take all JSON strings out of a line."""
    return re.sub(r'"(\\.|[^"\\])*"', "", told)


@pytest.mark.parametrize("text", FORGED)
def test_no_text_reads_as_more_than_it_is(text: str) -> None:
    condition = (Clause("StringLike", f"aws:principaltag/{text}", (text, "z")),)
    settings = RepositorySettings("IMMUTABLE", True, "AES256", None, ((text, text),))
    actions = frozenset({f"ecr:{text}", NotAction((f"ecr:{text}",))})
    made = CreationTemplate("a", (text,), None, {"description": text, text: [text]})
    told = [
        condition_words(condition),
        holdings_words(
            (Holding(condition, frozenset({"ecr:PutImage"})),), (), DisplayNames().tiers
        ),
        holdings_words((Holding((), actions),), (), DisplayNames().tiers),
        principal_label(Principal("AWS", (text,)), None, {}),
        principal_label(Principal("NotPrincipal", (f"AWS:{text}",)), None, {}),
        principal_label(Principal("Federated", (text,)), None, {}),
        plain_name(service_principal(text)),
        ", ".join(settings_words(settings)),
        subject_name("repository-policy", text),
        subject_name("creation-template", text),
        resources_words(Resources((text,)), WEST.arn_prefix),
        resources_words(Resources((f"{OWN}{text}",), excluded=True), WEST.arn_prefix),
        *(" ".join(pair) for pair in template_words(made).items()),
    ]
    for line in told:
        assert json.dumps(text)[1:-1] in line
        assert text not in outside_quotes(line)
        assert "pull" not in outside_quotes(line)
        assert printable(line) == line


def test_plain_values_are_quoted_too() -> None:
    clause = Clause("IpAddress", "aws:sourceip", ("10.0.0.0/8", "192.0.2.1/32"))
    assert condition_words((clause,)) == (
        ' if IpAddress aws:SourceIp "10.0.0.0/8" or "192.0.2.1/32"'
    )
    assert principal_label(EVERYONE_IN.principal, EVERYONE_IN, {}) == 'org (everyone in "o-1 x")'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2030-01-01T00:00:00Z", " until 2030-01-01"),
        ("2030-01-01T12:00:00Z", " until 2030-01-01T12:00:00Z"),
        ("${aws:x} forever", ' if DateLessThan aws:CurrentTime "${aws:x} forever"'),
    ],
)
def test_only_a_moment_is_told_as_an_end(value: str, told: str) -> None:
    assert condition_words((Clause("DateLessThan", "aws:currenttime", (value,)),)) == told


ROLE = "arn:aws:iam::444455556666:role/x"
ROOT = account_principal("444455556666", "aws")
LIKE_X = (Clause("ArnLike", "aws:principalarn", (f"{ROLE}*",)),)


@pytest.mark.parametrize(
    ("principal", "named", "told"),
    [
        (Principal("AWS", (ROLE,)), None, f"{ROLE} in workloads"),
        (Principal("AWS", (ROLE,)), ("ci", ()), f"ci ({ROLE}) in workloads"),
        (ROOT, ("pattern", LIKE_X), f'pattern (444455556666 as "{ROLE}*") in workloads'),
        (ROOT, ("workloads", ()), "workloads (444455556666)"),
        (ROOT, ("all", ()), "all (444455556666) in workloads"),
        (
            Principal("AWS", ("arn:aws:sts::444455556666:assumed-role/x/session",)),
            None,
            "arn:aws:sts::444455556666:assumed-role/x/session in workloads",
        ),
        (
            Principal("AWS", ("arn:aws:iam::999900001111:role/x",)),
            None,
            "arn:aws:iam::999900001111:role/x",
        ),
        (Principal("AWS", ("*",)), None, "everyone"),
        (service_principal("lambda.amazonaws.com"), None, "lambda.amazonaws.com"),
    ],
)
def test_the_account_of_a_principal_is_named(
    principal: Principal, named: tuple[str, Condition] | None, told: str
) -> None:
    found = named and NamedPrincipal(principal, named[1], named[0])
    assert principal_label(principal, found, {"444455556666": "workloads"}) == told
