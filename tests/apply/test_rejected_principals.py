"""Finding the principals that AWS does not know, by halving on a scratch repository."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.model import Outcome, applied
from reconciler.apply.rejected_principals import SID, Probe, find_missing, name_missing
from reconciler.errors import RefusedError
from reconciler.registry.failures.errors import CallError, FailureKind, WriteOutcomeUnknownError
from tests.apply.memory import NAME, SCOPE, SCRATCH, Clock, Memory, change_of, other_policy


def role(number: int) -> str:
    return f"arn:aws:iam::444455556666:role/r{number}"


class Service(Memory):
    """Refuses a policy that names somebody unknown; keeps what was tried."""

    def __init__(self, unknown: set[str], policy: str | None = None) -> None:
        super().__init__({SCRATCH: policy})
        self.unknown = unknown
        self.tried: list[dict[str, object]] = []

    def set_policy(self, name: str, text: str) -> None:
        (statement,) = json.loads(text)["Statement"]
        self.tried.append(statement)
        if self.unknown & set(statement["Principal"]["AWS"]):
            raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)
        super().set_policy(name, text)


def probe(service: Memory) -> Probe:
    return Probe(SCRATCH, service, service, lambda: False, Clock().deadline)


@given(st.sets(st.integers(0, 99), min_size=1), st.sets(st.integers(0, 99)))
def test_exactly_the_unknown_ones_are_found(suspects: set[int], unknown: set[int]) -> None:
    service = Service({role(n) for n in unknown})
    found = find_missing({role(n) for n in suspects}, probe(service))
    assert found.missing == {role(n) for n in suspects & unknown}
    assert service.policies == {SCRATCH: None}


def test_one_of_many_takes_a_few_tries() -> None:
    service = Service({role(7)})
    find_missing({role(n) for n in range(32)}, probe(service))
    assert len(service.tried) <= 2 * math.log2(32) + 1


def test_what_is_tried_gives_nobody_anything() -> None:
    service = Service({role(1)})
    find_missing({role(1), role(2)}, probe(service))
    assert {statement["Effect"] for statement in service.tried} == {"Deny"}


def test_a_policy_left_over_from_a_killed_probe_does_not_matter() -> None:
    left = {"Sid": SID, "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}
    service = Service({role(1)}, policy=json.dumps({"Statement": left}))
    assert find_missing({role(1)}, probe(service)).missing == {role(1)}
    assert service.policies == {SCRATCH: None}


OF_THE_SAME_NAME = json.dumps(
    {"Statement": {"Sid": SID, "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}}
)


@pytest.mark.parametrize(
    ("images", "policy"),
    [
        (True, None),
        (False, other_policy()),
        (False, OF_THE_SAME_NAME),
        (False, OF_THE_SAME_NAME.replace("Allow", "Deny").replace("BatchGetImage", "*")),
        (False, "{"),
    ],
)
def test_what_is_no_scratch_repository_is_not_touched(images: bool, policy: str | None) -> None:
    service = Service(set(), policy)
    service.images = images
    with pytest.raises(RefusedError):
        find_missing({role(1)}, probe(service))
    assert (service.policies, service.tried) == ({SCRATCH: policy}, [])


def outcome(*suspects: str) -> Outcome:
    return Outcome(change_of(None, "pull"), "failed", "Principal not found", candidates=suspects)


def test_the_message_names_them() -> None:
    (told,) = name_missing([outcome(role(1), role(2))], {SCOPE: probe(Service({role(2)}))})
    assert told.candidates == (role(2),)
    assert told.error == f"principals that do not exist (yet): {role(2)}; all others exist"


def test_who_is_known_by_now_is_told() -> None:
    (told,) = name_missing([outcome(role(1))], {SCOPE: probe(Service(set()))})
    assert "all added principals exist by now" in (told.error or "")


def test_why_nothing_can_be_told_is_told() -> None:
    service = Service(set())
    service.images = True
    (told,) = name_missing([outcome(role(1))], {SCOPE: probe(service)})
    assert told.error == (
        f"Principal not found; one of these principals does not exist (yet): {role(1)}; "
        f"the probe repository {SCRATCH} can't tell which: "
        f"{SCRATCH} holds images, so it is not a scratch repository"
    )


def test_nothing_is_tried_where_nobody_is_suspected() -> None:
    service = Service({role(1)})
    outcome = applied(change_of(None, "pull"))
    assert name_missing([outcome], {SCOPE: probe(service)}) == (outcome,)
    assert service.tried == []


def test_without_a_probe_repository_the_suspects_stay() -> None:
    (told,) = name_missing([outcome(role(1), role(2))], {})
    assert told.candidates == (role(1), role(2))
    assert (told.error or "").endswith(
        f"one of these principals does not exist (yet): {role(1)}, {role(2)}"
    )


def test_whom_the_same_run_has_found_known_is_no_suspect() -> None:
    made = change_of(None, "pull")
    (taken,) = made.access
    (told, done) = name_missing([outcome(role(1), *taken.principal.names), applied(made)], {})
    assert (told.candidates, done) == ((role(1),), applied(made))
    (all_known, _) = name_missing([outcome(*taken.principal.names), applied(made)], {})
    assert all_known.candidates == taken.principal.names


def test_what_a_failed_search_has_tried_is_taken_away() -> None:
    class Failing(Service):
        def set_policy(self, name: str, text: str) -> None:
            if len(self.tried) >= 3:
                raise CallError("no permission", kind=FailureKind.DENIED)
            super().set_policy(name, text)

    service = Failing({role(7)})
    (told,) = name_missing([outcome(*map(role, range(8)))], {SCOPE: probe(service)})
    assert "can't tell which: no permission" in (told.error or "")
    assert len(service.writes) > 1
    assert service.policies == {SCRATCH: None}


@pytest.mark.parametrize(
    ("statement", "is_ours"),
    [
        ({}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Effect": "Allow"}, False),
        ({"Action": "ecr:PutImage"}, False),
        ({"Sid": "Theirs"}, False),
    ],
)
def test_only_what_a_killed_search_left_is_taken_for_ours(
    statement: dict[str, object], is_ours: bool
) -> None:
    left = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": {"AWS": role(1)},
        "Action": "ecr:BatchGetImage",
        **statement,
    }
    service = Service(set(), json.dumps({"Version": "2012-10-17", "Statement": [left]}))
    (told,) = name_missing([outcome(role(1))], {SCOPE: probe(service)})
    assert ("has a policy that is not of a probe" in (told.error or "")) is not is_ours


def test_a_bug_in_probing_hides_no_outcome() -> None:
    class Broken(Service):
        def holds_images(self, name: str) -> bool:
            raise KeyError(name)

    (told,) = name_missing([outcome(role(1))], {SCOPE: probe(Broken(set()))})
    assert "can't tell which: KeyError: 'scratch/probe' (a bug)" in (told.error or "")


def test_a_bug_in_probing_leaves_nothing_behind() -> None:
    class Broken(Service):
        def set_policy(self, name: str, text: str) -> None:
            super().set_policy(name, text)
            raise KeyError(name)

    service = Broken(set())
    name_missing([outcome(role(1))], {SCOPE: probe(service)})
    assert service.policies == {SCRATCH: None}


@pytest.mark.parametrize(
    "failure",
    [
        CallError("slow down", kind=FailureKind.THROTTLED),
        CallError("no network", kind=FailureKind.CONNECTION),
        WriteOutcomeUnknownError("cut off"),
    ],
)
@pytest.mark.parametrize(("failures", "found"), [(2, True), (10_000, False)])
def test_a_try_is_repeated_where_that_may_help(
    failures: int, found: bool, failure: Exception
) -> None:
    asked = []

    def failing(_memory: Memory) -> None:
        asked.append(True)
        if len(asked) <= failures:
            raise failure

    service = Service(set())
    service.before_write = failing
    (told,) = name_missing([outcome(role(1))], {SCOPE: probe(service)})
    assert ("by now" in (told.error or "")) is found
    assert NAME not in service.policies


def test_many_long_names_are_tried_in_policies_that_fit() -> None:
    names = {f"arn:aws:iam::444455556666:role/{'p' * 400}/r{n}" for n in range(40)}
    (unknown, *_) = sorted(names)
    service = Service({unknown})
    assert find_missing(names, probe(service)).missing == {unknown}
    assert max(len(json.dumps(statement)) for statement in service.tried) < 10_240


@pytest.mark.parametrize("throttles", [1, 10_000])
def test_cleaning_up_is_repeated_and_does_not_hide_what_was_found(throttles: int) -> None:
    class Throttled(Service):
        deletes = 0

        def delete_policy(self, name: str) -> None:
            self.deletes += 1
            if self.deletes <= throttles:
                raise CallError("slow down", kind=FailureKind.THROTTLED)
            super().delete_policy(name)

    service = Throttled({role(1)})
    (told,) = name_missing([outcome(role(1), role(2))], {SCOPE: probe(service)})
    assert f"do not exist (yet): {role(1)}" in (told.error or "")
    assert ("can't be cleaned" in (told.error or "")) is (throttles > 1)


def test_trying_ends_when_the_run_is_to_stop_and_leaves_nothing() -> None:
    service = Service({role(1)})
    stopping = probe(service)._replace(stopped=lambda: len(service.tried) >= 2)
    (told,) = name_missing([outcome(*map(role, range(8)))], {SCOPE: stopping})
    assert "can't tell which: interrupted" in (told.error or "")
    assert (len(service.tried), service.policies) == (2, {SCRATCH: None})
