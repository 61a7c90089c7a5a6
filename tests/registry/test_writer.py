from functools import partial
from itertools import pairwise
from typing import NamedTuple

import pytest

from reconciler.errors import ReconcileError
from reconciler.model.registry import (
    AssumedRole,
    NewPolicy,
    RegistryScope,
    RepositorySettings,
    Target,
    registry_target,
    template_target,
)
from reconciler.model.transport import Transport
from reconciler.registry.failures.errors import (
    CONSEQUENCES,
    CallError,
    FailureKind,
    Stops,
    WriteOutcomeUnknownError,
)
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import connect
from reconciler.registry.writer import RegistryWriter

from .scripted_aws import CUT, Answer, ScriptedAws, ok, page, refusal, sts_refusal
from .virtual_time import VirtualTime

ACCOUNT, REGION, NAME = "111122223333", "us-west-2", "team/api"
SCOPE = RegistryScope(ACCOUNT, REGION)
TARGET = Target(NAME, SCOPE)
DONE = ok(registryId=ACCOUNT, repositoryName=NAME, policyText="{}")
THROTTLED = refusal("ThrottlingException", "Rate exceeded")
WRITES = ["set", "delete"]


def make_writer(pace: Pace, transport: Transport = Transport.FAST) -> RegistryWriter:
    connection = connect(ACCOUNT, REGION, transport=transport)
    return RegistryWriter(connection, pace, RegistryReader(connection, pace))


@pytest.fixture(params=list(Transport))
def writer(aws: ScriptedAws, pace: Pace, request: pytest.FixtureRequest) -> RegistryWriter:
    aws.always(DONE)
    return make_writer(pace, request.param)


def write(writer: RegistryWriter, kind: str) -> None:
    if kind == "set":
        writer.set_policy(NAME, "{}")
    else:
        writer.delete_policy(NAME)


def test_what_is_sent(aws: ScriptedAws, writer: RegistryWriter) -> None:
    write(writer, "set")
    write(writer, "delete")
    named = {"registryId": ACCOUNT, "repositoryName": NAME}
    assert [(call.operation, call.parameters) for call in aws.calls] == [
        ("SetRepositoryPolicy", {**named, "policyText": "{}"}),
        ("DeleteRepositoryPolicy", named),
    ]


@pytest.mark.parametrize("kind", WRITES)
def test_a_throttled_write_is_not_repeated(
    aws: ScriptedAws, writer: RegistryWriter, kind: str
) -> None:
    """Somebody else may write in the meantime: whoever repeats it has to look first."""
    aws.always(THROTTLED, DONE)
    with pytest.raises(CallError) as caught:
        write(writer, kind)
    assert caught.value.kind is FailureKind.THROTTLED
    assert len(aws.calls) == 1


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize(
    "answer",
    [CUT, refusal("ServerException", "oops", 500), page(503, "busy"), page(200, "<html>"), ok()],
)
def test_an_unknown_outcome_is_said_and_not_repeated(
    aws: ScriptedAws, writer: RegistryWriter, kind: str, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(WriteOutcomeUnknownError, match="may or may not") as caught:
        write(writer, kind)
    assert len(aws.calls) == 1
    assert caught.value.hint is not None
    assert NAME in caught.value.message
    assert caught.value.exit_code == 1


def test_an_unknown_outcome_is_no_failure() -> None:
    assert issubclass(WriteOutcomeUnknownError, ReconcileError)
    assert not issubclass(WriteOutcomeUnknownError, CallError)


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal("AccessDeniedException", "no"), FailureKind.DENIED),
        (refusal("RepositoryNotFoundException", "gone"), FailureKind.REPOSITORY_MISSING),
        (
            refusal("InvalidParameterException", "… 'Principal not found'"),
            FailureKind.PRINCIPAL_NOT_FOUND,
        ),
        (refusal("InvalidParameterException", "x"), FailureKind.REJECTED),
        (refusal("ExpiredTokenException", "old"), FailureKind.CREDENTIALS),
    ],
)
def test_a_refusal_is_certain(
    aws: ScriptedAws, writer: RegistryWriter, kind: str, answer: Answer, failure: FailureKind
) -> None:
    aws.always(answer)
    with pytest.raises(CallError) as caught:
        write(writer, kind)
    assert caught.value.kind is failure
    assert len(aws.calls) == 1


@pytest.mark.parametrize("transport", list(Transport))
def test_nothing_sent_is_certain(
    pace: Pace, credentials: pytest.MonkeyPatch, transport: Transport
) -> None:
    credentials.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CallError) as caught:
        write(make_writer(pace, transport), "set")
    assert caught.value.kind is FailureKind.CONNECTION


def test_gone_already_is_deleted_and_not_set(aws: ScriptedAws, writer: RegistryWriter) -> None:
    aws.always(refusal("RepositoryPolicyNotFoundException", "none"))
    write(writer, "delete")
    with pytest.raises(CallError):
        write(writer, "set")


@pytest.mark.parametrize(
    ("new", "write"), [("[]", "SetRepositoryPolicy"), (None, "DeleteRepositoryPolicy")]
)
def test_a_policy_is_read_and_the_new_one_written(
    aws: ScriptedAws, writer: RegistryWriter, new: str | None, write: str
) -> None:
    seen: list[str | None] = []

    def decide(live: str | None) -> NewPolicy:
        seen.append(live)
        return NewPolicy(new)

    assert writer.update(TARGET, decide) is None
    assert seen == ["{}"]
    assert aws.operations() == ["GetRepositoryPolicy", write]


def test_another_decision_than_a_new_policy_is_returned(
    aws: ScriptedAws, writer: RegistryWriter
) -> None:
    assert writer.update(TARGET, lambda live: f"keep {live}") == "keep {}"
    assert aws.operations() == ["GetRepositoryPolicy"]


def test_no_other_call_comes_between_the_read_and_the_write(aws: ScriptedAws) -> None:
    """Four writers of one registry, whose calls share a pace."""
    aws.always(DONE)
    time = VirtualTime()
    writer = make_writer(Pace(clock=time.clock, sleep=time.pause))
    names = [f"team/{letter}" for letter in "abcd"]

    def update(name: str) -> None:
        for _ in range(5):
            writer.update(Target(name, SCOPE), lambda _: NewPolicy("{}"))
            writer.set_policy(name, "{}")

    time.run(*[partial(update, name) for name in names])
    calls = [(call.operation, call.parameters["repositoryName"]) for call in aws.calls]
    pairs = list(pairwise(calls))
    for name in names:
        read, write = ("GetRepositoryPolicy", name), ("SetRepositoryPolicy", name)
        assert pairs.count((read, write)) == calls.count(read) == 5


MADE = ok(repository={"repositoryName": NAME})


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        (
            RepositorySettings(),
            {
                "imageTagMutability": "MUTABLE",
                "imageScanningConfiguration": {"scanOnPush": False},
                "encryptionConfiguration": {"encryptionType": "AES256"},
            },
        ),
        (
            RepositorySettings("IMMUTABLE", True, "KMS", "alias/ecr", (("a", "1"), ("b", ""))),
            {
                "imageTagMutability": "IMMUTABLE",
                "imageScanningConfiguration": {"scanOnPush": True},
                "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/ecr"},
                "tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
            },
        ),
    ],
)
def test_a_repository_is_made_as_it_is_to_be(
    aws: ScriptedAws, writer: RegistryWriter, settings: RepositorySettings, sent: dict[str, object]
) -> None:
    aws.always(MADE)
    writer.create_repository(NAME, settings)
    (call,) = aws.calls
    assert call.operation == "CreateRepository"
    assert call.parameters == {"registryId": ACCOUNT, "repositoryName": NAME, **sent}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal("RepositoryAlreadyExistsException", "there"), FailureKind.REPOSITORY_EXISTS),
        (refusal("LimitExceededException", "too many"), FailureKind.REJECTED),
        (THROTTLED, FailureKind.THROTTLED),
    ],
)
def test_a_repository_that_is_not_made_is_not_asked_for_again(
    aws: ScriptedAws, writer: RegistryWriter, answer: Answer, failure: FailureKind
) -> None:
    aws.always(answer)
    with pytest.raises(CallError) as caught:
        writer.create_repository(NAME, RepositorySettings())
    assert caught.value.kind is failure
    assert len(aws.calls) == 1


@pytest.mark.parametrize("answer", [CUT, ok(), ok(repository=[]), page(503, "busy")])
def test_a_lost_answer_to_making_one_is_said(
    aws: ScriptedAws, writer: RegistryWriter, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(WriteOutcomeUnknownError, match="CreateRepository"):
        writer.create_repository(NAME, RepositorySettings())


OTHER = "999900001111"
ELSEWHERE = ok(registryId=OTHER, policyText="{}")
HERE = ok(registryId=ACCOUNT, policyText="{}", repositoryCreationTemplates=[])
NO_POLICY = refusal("RegistryPolicyNotFoundException", f"none in the registry '{ACCOUNT}'")
TEMPLATE = template_target("team", SCOPE)
TEMPLATE_TEXT = '{"prefix":"team","appliedFor":["CREATE_ON_PUSH"]}'


class Own(NamedTuple):
    """A write to the caller's own registry, and the answer to the read before it."""

    target: Target
    live: Answer
    new: str | None
    operation: str


OWN = [
    Own(registry_target(SCOPE), NO_POLICY, "{}", "PutRegistryPolicy"),
    Own(registry_target(SCOPE), HERE, None, "DeleteRegistryPolicy"),
    Own(TEMPLATE, HERE, TEMPLATE_TEXT, "CreateRepositoryCreationTemplate"),
]


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.operation)
def test_a_write_to_another_registry_is_told(
    aws: ScriptedAws, writer: RegistryWriter, own: Own
) -> None:
    """The credentials changed after the read: these calls name no registry."""
    aws.always(own.live, ELSEWHERE)
    words = f"{own.operation} wrote .* {OTHER}"
    with pytest.raises(WriteOutcomeUnknownError, match=words) as caught:
        writer.update(own.target, lambda _: NewPolicy(own.new))
    assert CONSEQUENCES[caught.value.kind].stops is Stops.ACCOUNT
    assert aws.operations()[1:] == [own.operation]


@pytest.mark.parametrize("target", [registry_target(SCOPE), TEMPLATE])
def test_what_is_read_of_another_registry_is_not_written(
    aws: ScriptedAws, writer: RegistryWriter, target: Target
) -> None:
    aws.always(ok(registryId=OTHER, policyText="{}", repositoryCreationTemplates=[]))
    with pytest.raises(CallError, match=f"of account {OTHER}"):
        writer.update(target, lambda _: NewPolicy("{}"))
    assert len(aws.calls) == 1


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.operation)
@pytest.mark.parametrize("answer", [CUT, ok(), page(503, "busy")])
def test_a_lost_answer_of_the_own_registry_is_said(
    aws: ScriptedAws, writer: RegistryWriter, answer: Answer, own: Own
) -> None:
    aws.always(own.live, answer)
    with pytest.raises(WriteOutcomeUnknownError, match=f"{own.operation}.*may or may not"):
        writer.update(own.target, lambda _: NewPolicy(own.new))
    assert aws.operations()[1:] == [own.operation]


@pytest.mark.parametrize(
    ("target", "operation", "code"),
    [
        (registry_target(SCOPE), "DeleteRegistryPolicy", "RegistryPolicyNotFoundException"),
        (TEMPLATE, "DeleteRepositoryCreationTemplate", "TemplateNotFoundException"),
    ],
)
def test_what_is_gone_already_is_deleted(
    aws: ScriptedAws, writer: RegistryWriter, target: Target, operation: str, code: str
) -> None:
    aws.always(HERE, refusal(code, "gone"))
    assert writer.update(target, lambda _: NewPolicy(None)) is None
    assert aws.operations()[1:] == [operation]


@pytest.mark.parametrize(
    ("new", "operation"),
    [
        (TEMPLATE_TEXT, "UpdateRepositoryCreationTemplate"),
        (None, "DeleteRepositoryCreationTemplate"),
    ],
)
def test_a_template_is_named_by_its_live_prefix(
    aws: ScriptedAws, writer: RegistryWriter, new: str | None, operation: str
) -> None:
    """Whether ECR finds `team/` by the name `team` is not known."""
    live = {"prefix": "team/", "appliedFor": ["REPLICATION"]}
    aws.always(ok(registryId=ACCOUNT, repositoryCreationTemplates=[live]), HERE)
    writer.update(TEMPLATE, lambda _: NewPolicy(new))
    write = aws.calls[1]
    assert (write.operation, write.parameters["prefix"]) == (operation, "team/")


ROLE = "arn:aws:iam::111122223333:role/ecr-templates"


def test_a_denied_role_is_named(aws: ScriptedAws, writer: RegistryWriter) -> None:
    """ECR checks it inside its own call."""
    text = f"User: me is not authorized to perform: iam:PassRole on resource: {ROLE} because no"
    aws.always(HERE, refusal("AccessDeniedException", text))
    with pytest.raises(CallError) as caught:
        writer.update(TEMPLATE, lambda _: NewPolicy(TEMPLATE_TEXT))
    assert caught.value.message == f"iam:PassRole on {ROLE}: not allowed for me: no"


@pytest.mark.parametrize(("transport", "expected"), [(Transport.FAST, 32), (Transport.BOTO3, 4)])
def test_how_many_updates_there_may_be(
    aws: ScriptedAws, pace: Pace, transport: Transport, expected: int
) -> None:
    assert make_writer(pace, transport).writes_at_once == expected
    assert aws.calls == []


def test_without_a_caller_each_update_says_why(aws: ScriptedAws, pace: Pace) -> None:
    aws.always(sts_refusal("AccessDenied", "no"))
    connection = connect(ACCOUNT, REGION, AssumedRole(ROLE))
    writer = RegistryWriter(connection, pace, RegistryReader(connection, pace))
    assert writer.writes_at_once == 1
    with pytest.raises(CallError, match="the role could not be assumed"):
        writer.set_policy(NAME, "{}")
