"""Reading a registry: what is declared at once, and the rest when it is listed."""

import subprocess
import sys
import threading

import pytest

from reconciler.model.registry import LiveRepository, ReadFailure
from reconciler.model.rules import RuleId
from reconciler.model.transport import Transport
from reconciler.registry import session
from reconciler.registry.failures.errors import WriteOutcomeUnknownError
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Found, Wanted, read
from reconciler.registry.session import connect
from reconciler.registry.transport.boto_calls import BotoCalls
from reconciler.registry.writer import RegistryWriter

from .scripted_aws import Answer, Call, ScriptedAws, ok, refusal

ACCOUNT, REGION = "111122223333", "us-west-2"
GONE = refusal("RepositoryNotFoundException", "gone")


def listing(*names: str) -> Answer:
    return ok(repositories=[{"repositoryName": name} for name in names])


def reader() -> RegistryReader:
    return RegistryReader(connect(ACCOUNT, REGION), Pace())


def quiet(_done: int, _total: int) -> None: ...


def test_declared_repositories_do_not_wait_for_the_listing(aws: ScriptedAws) -> None:
    read_one, seen = threading.Event(), list[tuple[int, int]]()

    def answer(call: Call, _before: int) -> Answer:
        if call.operation == "DescribeRepositories":
            return listing("a/a", "b/b") if read_one.wait(60) else GONE
        read_one.set()
        return ok(policyText="{}")

    aws.answer = answer
    wanted = Wanted(
        reader(),
        ["a/a"],
        select=tuple,
        progress=lambda done, total: seen.append((done, total)),
    )
    (found,) = read([wanted])
    assert (found.names, list(found.repositories)) == (("a/a", "b/b"), ["a/a", "b/b"])
    assert [done for done, _ in seen] == [1, 2]
    assert seen[-1] == (2, 2)
    assert len(aws.calls) == 3


def test_listed_repositories_do_not_wait_for_the_declared_ones(aws: ScriptedAws) -> None:
    read_one = threading.Event()

    def answer(call: Call, _before: int) -> Answer:
        if call.operation == "DescribeRepositories":
            return listing("a/a", "b/b")
        if call.parameters["repositoryName"] == "b/b":
            read_one.set()
        return ok(policyText="{}") if read_one.wait(10) else GONE

    aws.answer = answer
    (found,) = read([Wanted(reader(), ["a/a"], select=tuple)])
    assert [one.policy_text for one in found.repositories.values()] == ["{}", "{}"]


@pytest.mark.parametrize("is_listed_late", [True, False])
def test_what_is_declared_and_not_there(aws: ScriptedAws, is_listed_late: bool) -> None:
    """The listing decides whether it is missing, whichever of the two is there first."""
    asked, listed = threading.Event(), threading.Event()

    def answer(call: Call, _before: int) -> Answer:
        if call.operation == "DescribeRepositories":
            assert not is_listed_late or asked.wait(60)
            listed.set()
            return listing("half/made")
        asked.set()
        assert is_listed_late or listed.wait(60)
        return GONE

    aws.answer = answer
    wanted = Wanted(reader(), ["half/made", "not/there"])
    (found,) = read([wanted])
    assert found.names == ("half/made",)
    (live,) = found.repositories.values()
    assert live.name == "half/made"
    assert isinstance(live.policy_text, ReadFailure)
    assert live.policy_text.rule is RuleId.MISSING_REPOSITORY


def test_each_reading_says_when_it_is_over_and_no_earlier(aws: ScriptedAws) -> None:
    aws.answer = lambda _call, _before: ok(policyText="{}")
    told: list[tuple[int, str]] = []

    def wanted(number: int) -> Wanted:
        return Wanted(
            reader(),
            ["a/a", "b/b"],
            lists=False,
            progress=lambda _done, _total: told.append((number, "progress")),
            on_over=lambda: told.append((number, "over")),
        )

    read([wanted(0), wanted(1)])
    for number in (0, 1):
        own = [what for of, what in told if of == number]
        assert own[:3] == ["progress", "progress", "over"]


def test_one_that_is_made_after_the_listing_is_there(aws: ScriptedAws) -> None:
    aws.answer = lambda call, _before: (
        listing() if call.operation == "DescribeRepositories" else ok(policyText="{}")
    )
    (found,) = read([Wanted(reader(), ["new/one"])])
    assert found == Found(("new/one",), {"new/one": LiveRepository("new/one", "{}")})


def test_a_call_that_was_given_up_sends_nothing_later(
    aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that comes after it was reported would go unnoticed."""
    connection = connect(ACCOUNT, REGION, transport=Transport.BOTO3)
    calls = connection.calls()
    assert isinstance(calls, BotoCalls)
    writer = RegistryWriter(connection, Pace(), RegistryReader(connection, Pace()))
    released, threads = threading.Event(), list[threading.Thread]()

    def hold(**_event: object) -> None:
        threads.append(threading.current_thread())
        released.wait(60)

    aws.always(ok(repositoryName="a/a"))
    calls.client.meta.events.register_first("before-sign.ecr", hold)
    monkeypatch.setattr(session, "_RESPONSE_TIMEOUT", 0.1)
    with pytest.raises(WriteOutcomeUnknownError, match="timed out"):
        writer.set_policy("a/a", "{}")
    released.set()
    for thread in threads:
        thread.join()
    assert aws.calls == []


MANY = """
import resource
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Wanted, read
from reconciler.registry.session import connect

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
readers = [RegistryReader(connect("111122223333", "us-west-2"), Pace()) for _ in range(8)]
found = read([Wanted(one, [f"a/{number}" for number in range(20)]) for one in readers])
print([(len(one.repositories), one.failure) for one in found])
"""


def test_many_registries_do_with_the_open_files_that_there_are(aws: ScriptedAws) -> None:
    def answer(call: Call, _before: int) -> Answer:
        return listing() if call.operation == "DescribeRepositories" else ok(policyText="{}")

    aws.answer = answer
    ran = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.stderr) == (str([(20, None)] * 8), "")
