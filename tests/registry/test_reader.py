import math
import threading
from collections.abc import Callable, Sequence

import pytest
from moto import mock_aws

from reconciler.model.registry import LiveRepository, ReadFailure
from reconciler.registry.failures.errors import CallError, FailureKind
from reconciler.registry.pace import AT_START, RECENT_AT_START, Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Progress, Wanted, read
from reconciler.registry.session import connect
from reconciler.registry.writer import RegistryWriter

from .scripted_aws import CUT, Answer, Call, ScriptedAws, ok, page, refusal

ACCOUNT, REGION = "111122223333", "us-west-2"
NO_POLICY = refusal("RepositoryPolicyNotFoundException", "no policy")
NAMES = tuple(f"team/app-{number:03}" for number in range(100))


def quiet(_done: int, _total: int) -> None: ...


def found_by(
    reader: RegistryReader, names: Sequence[str], progress: Progress = quiet
) -> dict[str, LiveRepository]:
    """What is read of these names; raises why the registry can't be read."""
    (found,) = read([Wanted(reader, names, lists=False, progress=progress)])
    if found.failure is not None:
        raise found.failure
    return found.repositories


@pytest.fixture
def reader(aws: ScriptedAws, pace: Pace) -> RegistryReader:
    aws.always(NO_POLICY)
    return RegistryReader(connect(ACCOUNT, REGION), pace)


def listing(*names: str, token: str | None = None) -> Answer:
    repositories = [{"repositoryName": name} for name in names]
    more = {} if token is None else {"nextToken": token}
    return ok(repositories=repositories, **more)


def by_name(answers: dict[str, Answer], otherwise: Answer) -> Callable[[Call, int], Answer]:
    return lambda call, _before: answers.get(str(call.parameters["repositoryName"]), otherwise)


def test_it_can_only_read() -> None:
    public = {name for name in vars(RegistryReader) if not name.startswith("_")}
    of_registry = {"list_repositories", "listed", "read_registry_policy", "read_templates"}
    of_repositories = {"read_policy", "policy", "read_settings", "holds_images"}
    assert public == {*of_registry, *of_repositories, "read_text", "prepare", "at_once"}
    assert not public & set(vars(RegistryWriter))


def test_all_pages_are_listed_sorted(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(listing("c", "b", token="more"), listing("a"))
    assert reader.list_repositories() == ("a", "b", "c")
    assert [call.parameters for call in aws.calls] == [
        {"registryId": ACCOUNT, "maxResults": 1000},
        {"registryId": ACCOUNT, "maxResults": 1000, "nextToken": "more"},
    ]


def test_a_token_that_repeats_ends_the_listing(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(listing("a", token="more"))
    with pytest.raises(CallError, match="DescribeRepositories"):
        reader.list_repositories()
    assert len(aws.calls) < 10


def test_pages_without_end_are_given_up(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.answer = lambda _call, before: listing("a/a", token=f"page {before}")
    with pytest.raises(CallError, match="DescribeRepositories: unexpected response"):
        reader.list_repositories()


@pytest.mark.parametrize("answer", [page(200, "<html>"), ok(), ok(repositories=[{}]), NO_POLICY])
def test_a_listing_that_is_none_is_never_an_empty_one(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(CallError):
        reader.list_repositories()


def test_a_policy_and_none(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.answer = by_name({"a/a": ok(policyText="{}")}, NO_POLICY)
    assert reader.read_policy("a/a") == "{}"
    assert reader.read_policy("b/b") is None
    assert aws.calls[0].parameters == {"registryId": ACCOUNT, "repositoryName": "a/a"}


@pytest.mark.parametrize(
    "bad",
    [
        refusal("ThrottlingException", "Rate exceeded"),
        refusal("ServerException", "oops", 500),
        page(503, "busy"),
        page(200, "<html>"),
        CUT,
    ],
)
def test_what_may_pass_is_read_again(aws: ScriptedAws, reader: RegistryReader, bad: Answer) -> None:
    aws.always(bad, bad, ok(policyText="{}"))
    assert reader.read_policy("a/a") == "{}"
    assert len(aws.calls) == 3


@pytest.mark.parametrize(
    "bad",
    [
        refusal("AccessDeniedException", "no"),
        refusal("RepositoryNotFoundException", "gone"),
        refusal("LimitExceededException", "too many"),
        refusal("ExpiredTokenException", "old"),
    ],
)
def test_what_cannot_pass_is_not(aws: ScriptedAws, reader: RegistryReader, bad: Answer) -> None:
    aws.always(bad)
    with pytest.raises(CallError):
        reader.read_policy("a/a")
    assert len(aws.calls) == 1


def test_botos_own_retries_stay_off(
    aws: ScriptedAws, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    aws.always(*[refusal("ThrottlingException", "Rate exceeded")] * AT_START, NO_POLICY)
    RegistryReader(connect(ACCOUNT, REGION), pace).read_policy("a/a")
    assert len(aws.calls) == AT_START + 1
    assert pace.rate < math.inf


def test_one_failure_leaves_the_others_going(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.answer = by_name(
        {
            NAMES[1]: refusal("AccessDeniedException", "no"),
            NAMES[2]: refusal("RepositoryNotFoundException", "gone"),
            NAMES[3]: refusal("ServerException", "oops", 500),
            NAMES[4]: refusal("ThrottlingException", "Rate exceeded"),
            NAMES[5]: CUT,
            NAMES[6]: NO_POLICY,
        },
        ok(policyText="{}"),
    )
    seen: list[tuple[int, int]] = []
    found = found_by(reader, NAMES, lambda done, total: seen.append((done, total)))
    assert tuple(found) == NAMES
    assert seen == [(done, 100) for done in range(1, 101)]
    rules = {
        name: live.policy_text.rule
        for name, live in found.items()
        if isinstance(live.policy_text, ReadFailure)
    }
    assert rules == {
        NAMES[1]: "access-denied",
        NAMES[2]: "missing-repository",
        NAMES[3]: "read-failed",
        NAMES[4]: "throttled",
        NAMES[5]: "read-failed",
    }
    assert found[NAMES[6]] == LiveRepository(NAMES[6], None)
    assert found[NAMES[7]] == LiveRepository(NAMES[7], "{}")


def test_names_are_read_once_and_sorted(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(NO_POLICY)
    assert tuple(found_by(reader, ["b/b", "a/a", "b/b"])) == ("a/a", "b/b")
    assert len(aws.calls) == 2
    assert found_by(reader, []) == {}


@pytest.mark.parametrize("answer", [refusal("ExpiredTokenException", "old"), page(200, "<html>")])
def test_what_fails_for_all_ends_it(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(CallError):
        found_by(reader, NAMES)
    assert len({call.parameters["repositoryName"] for call in aws.calls}) < len(NAMES)


def test_no_connection_ends_it(pace: Pace, credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CallError) as caught:
        found_by(RegistryReader(connect(ACCOUNT, REGION), pace), NAMES)
    assert caught.value.kind is FailureKind.CONNECTION


def test_ctrl_c_waits_for_no_call(aws: ScriptedAws, reader: RegistryReader) -> None:
    released = threading.Event()

    def answer(_call: Call, before: int) -> Answer:
        if before > 0:
            released.wait()
        return NO_POLICY

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    aws.answer = answer
    try:
        with pytest.raises(KeyboardInterrupt):
            found_by(reader, NAMES, interrupt)
        # All the others are held until now: nothing waited for them.
        assert not released.is_set()
        assert len(aws.calls) <= reader.at_once + 1
    finally:
        released.set()


@mock_aws
@pytest.mark.usefixtures("credentials")
def test_a_whole_round(pace: Pace) -> None:
    connection = connect("123456789012", REGION)  # the account that moto gives every caller
    ecr = connection.boto().session.client("ecr")
    for name in ("tools/b", "tools/a"):
        ecr.create_repository(repositoryName=name)
    reader = RegistryReader(connection, pace)
    writer = RegistryWriter(connection, pace, reader)
    text = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}'
    )
    writer.set_policy("tools/a", text)
    assert reader.list_repositories() == ("tools/a", "tools/b")
    assert found_by(reader, ("tools/a", "tools/b")) == {
        "tools/a": LiveRepository("tools/a", text),
        "tools/b": LiveRepository("tools/b", None),
    }
    writer.delete_policy("tools/a")
    writer.delete_policy("tools/a")
    assert reader.read_policy("tools/a") is None


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        (ok(imageIds=[]), False),
        (ok(imageIds=[{"imageTag": "1"}]), True),
        (ok(imageIds=[], nextToken="more"), True),
    ],
)
def test_whether_a_repository_holds_images(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer, holds: bool
) -> None:
    aws.always(answer)
    assert reader.holds_images("scratch/probe") is holds
    (call,) = aws.calls
    assert call.operation == "ListImages"
    assert call.parameters["maxResults"] == 1


@pytest.mark.parametrize("answer", [ok(), refusal("AccessDeniedException", "no")])
def test_an_answer_that_does_not_say_is_no_no(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(CallError, match="ListImages"):
        reader.holds_images("scratch/probe")


def test_no_policy_is_an_answer_like_any_other(
    aws: ScriptedAws, reader: RegistryReader, pace: Pace
) -> None:
    throttled = refusal("ThrottlingException", "Rate exceeded")
    aws.always(*[throttled] * (AT_START - 1), *[NO_POLICY] * RECENT_AT_START, throttled, NO_POLICY)
    for _ in range(RECENT_AT_START + 1):
        reader.read_policy("a/a")
    assert pace.rate == math.inf  # with these answers, the throttled ones are few


MADE = {
    "repositoryName": "app/new",
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:…"},
}


def test_how_a_repository_is_set_up(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(ok(repositories=[MADE]))
    assert reader.read_settings("app/new") == ("IMMUTABLE_WITH_EXCLUSION", True, "KMS")
    (call,) = aws.calls
    assert call.operation == "DescribeRepositories"
    assert call.parameters["repositoryNames"] == ["app/new"]


@pytest.mark.parametrize(
    "answer",
    [
        ok(repositories=[]),
        ok(repositories=[MADE, MADE]),
        ok(),
        *(ok(repositories=[{k: MADE[k] for k in MADE.keys() - {left}}]) for left in list(MADE)[1:]),
    ],
)
def test_settings_that_the_answer_does_not_tell_are_not_made_up(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer
) -> None:
    aws.always(answer)
    with pytest.raises(CallError) as caught:
        reader.read_settings("app/new")
    assert caught.value.kind is FailureKind.UNANSWERED
