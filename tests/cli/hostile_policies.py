"""Live policies each of which holds a hostile text in one place."""

import json
from collections.abc import Callable, Iterator

from tests.cli.hostile import ALL, BREAKING, BREAKS, LINES, ORDERS
from tests.policy.making import Json

ROLES = "arn:aws:iam::444455556666:role/"
MASTER = "arn:aws:iam::999900001111:root"

Make = Callable[[str], Json]


def allow(**elements: object) -> Json:
    """Allow somebody something, but for what the elements say."""
    plain = {"Effect": "Allow", "Principal": {"AWS": MASTER}, "Action": "ecr:PutImage"}
    return {key: value for key, value in (plain | elements).items() if value is not None}


def document(*statements: Json, **elements: object) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements), **elements}


PLACES: dict[str, Make] = {
    "sid": lambda text: document(allow(Sid=text)),
    "id": lambda text: document(allow(), Id=text),
    "version": lambda text: document(allow(), Version=text),
    "role": lambda text: document(allow(Principal={"AWS": ROLES + text})),
    "principal": lambda text: document(allow(Principal={"AWS": [text, MASTER]})),
    "service": lambda text: document(allow(Principal={"Service": text})),
    "federated": lambda text: document(allow(Principal={"Federated": text})),
    "kind": lambda text: document(allow(Principal={text: MASTER})),
    "not-principal": lambda text: document(allow(Principal=None, NotPrincipal={"AWS": text})),
    "action": lambda text: document(allow(Action=f"ecr:{text}")),
    "bare-action": lambda text: document(allow(Action=text)),
    "not-action": lambda text: document(allow(Action=None, NotAction=[f"ecr:{text}"])),
    "effect": lambda text: document(allow(Effect=text)),
    "deny": lambda text: document(allow(Effect="Deny", Principal={"AWS": ROLES + text})),
    "resource": lambda text: document(allow(Resource=text)),
    "element": lambda text: document(allow(**{text: text})),
    "operator": lambda text: document(allow(Condition={text: {"aws:x": "y"}})),
    "key": lambda text: document(allow(Condition={"StringEquals": {f"aws:x/{text}": "y"}})),
    "value": lambda text: document(allow(Condition={"StringLike": {"aws:x": [text, "z"]}})),
    "until": lambda text: document(
        allow(Condition={"StringEquals": {"aws:CurrentTime": text}}, Principal="*")
    ),
    "tag": lambda text: document(
        allow(Condition={"ArnLike": {"aws:PrincipalArn": ROLES + text}}, Principal="*")
    ),
    "top": lambda text: document(allow(), **{text: text}),
}


def hostile_policies() -> Iterator[tuple[str, str]]:
    """Give names of repositories and what is live there, each name once."""
    for place, make in PLACES.items():
        for number, text in enumerate((ALL, ORDERS[0])):
            yield f"h/{place}-{number}", json.dumps(make(text))
    for number, text in enumerate(LINES):
        yield f"h/one-role-{number}", json.dumps(PLACES["role"](text))
        yield f"h/one-sid-{number}", json.dumps(PLACES["sid"](text))
        yield f"h/raw-{number}", text
    yield "h/long", json.dumps(PLACES["value"]("x" * 3_000))
    yield "h/raw-lines", '{"a": 1,' + "".join(BREAKING) + "".join(BREAKS)
