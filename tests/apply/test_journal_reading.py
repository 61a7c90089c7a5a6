"""Reading a journal: torn where a run may tear it, and otherwise whole or refused."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.journal_format import (
    HEAD,
    MAX_JOURNAL,
    MAX_LINE,
    JournaledWrite,
    begin_line,
    end_line,
    read_journal,
)
from reconciler.apply.model import Done, Outcome
from reconciler.errors import InvalidError, ReconcileError, RefusedError
from reconciler.model.registry import (
    AssumedRole,
    RegistryScope,
    RepositorySettings,
    Target,
    template_target,
)
from reconciler.model.templates import CreationTemplate
from reconciler.plan.model import Change
from reconciler.plan.saved.parts import digest_of
from tests.apply.journal_making import (
    APP,
    CALLER,
    NOON,
    REGISTRY,
    SCOPE,
    TEMPLATE,
    A,
    B,
    C,
    begin,
    change,
    end,
    info,
    journal,
    on_repositories,
    template,
)

OTHER = Target("tools/builder", SCOPE)


def edited(line: bytes, **fields: object) -> bytes:
    """Edit a line and give it a new digest, as a forger would; None of a key's fields: `...`."""
    value = {**json.loads(line), **fields}
    value = {key: item for key, item in value.items() if item is not ...}
    if "digest" not in fields:
        value["digest"] = digest_of(value)
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def test_what_was_written_is_read() -> None:
    role = AssumedRole("arn:aws:iam::111122223333:role/writer", "7f3c", "ci")
    made = change(A, B)
    (write,) = read_journal(begin(made, assume_role=role, profile="central") + end(made))
    assert write == JournaledWrite(
        run="r1",
        at=NOON,
        by=CALLER,
        target=APP,
        assume_role=role,
        change="set",
        before=A,
        after=B,
        written=Done.YES,
        profile="central",
    )


def test_a_line_may_have_no_profile() -> None:
    line = begin(change(A, B))
    assert b"profile" not in line
    assert [write.profile for write in read_journal(line)] == [None]


@pytest.mark.parametrize(
    ("ending", "written"),
    [
        ("applied", Done.YES),
        ("killed", Done.UNKNOWN),
        ("refused", Done.NO),
        ("doubtful", Done.YES),
    ],
)
def test_how_a_write_ended(ending: str, written: Done) -> None:
    assert [w.written for w in read_journal(journal([(A, B, ending)]))] == [written]


def test_ends_find_their_beginnings() -> None:
    one, two = change(A, B), change(None, C, OTHER)
    lines = begin(one) + begin(two) + end(two, result="failed") + end(one)
    assert [(w.target, w.written) for w in read_journal(lines)] == [
        (APP, Done.YES),
        (OTHER, Done.NO),
    ]


def test_one_run_may_write_twice() -> None:
    lines = begin(change(A, B)) + end(change(A, B)) + begin(change(B, C)) + end(change(B, C))
    assert [(w.before, w.after, w.written) for w in read_journal(lines)] == [
        (A, B, Done.YES),
        (B, C, Done.YES),
    ]


def test_regions_are_apart() -> None:
    there = Target(APP.repository, RegistryScope("111122223333", "eu-west-1"))
    lines = begin(change(A, B)) + begin(change(A, C, there)) + end(change(A, C, there))
    assert [(w.target, w.written) for w in read_journal(lines)] == [
        (APP, Done.UNKNOWN),
        (there, Done.YES),
    ]


def test_an_empty_journal_tells_of_nothing() -> None:
    assert read_journal(b"") == ()


def test_any_text_comes_back() -> None:
    text = 'é \u202e \x1b[31m "}{\\ 🦊 \ud800'
    assert read_journal(begin(change(text, None)))[0].before == text


def whole() -> bytes:
    """Two runs in one file: several repositories, each kind of change, an end that failed."""
    made = change(None, B, OTHER, RepositorySettings())
    first = begin(change(A, B)) + begin(made) + end(made, result="failed") + end(change(A, B))
    return first + begin(change(B, None), "r2") + end(change(B, None), "r2")


def test_cut_at_every_byte_it_tells_no_lie() -> None:
    content = whole()
    writes = read_journal(content)
    for length in range(len(content)):
        read = read_journal(content[:length])
        told = writes[: len(read)]
        assert [(w.target, w.before, w.after) for w in read] == [
            (w.target, w.before, w.after) for w in told
        ]
        assert all(r.written in (Done.UNKNOWN, w.written) for r, w in zip(read, told, strict=True))
        assert len(read) == content[: length + 1].removesuffix(b"\n").count(b'"kind":"begin"') - (
            _is_cut_begin(content, length)
        )


def _is_cut_begin(content: bytes, length: int) -> bool:
    """Tell whether what is cut is a line that begins a write and shows it."""
    start = content.rfind(b"\n", 0, length) + 1
    stop = content.index(b"\n", start)
    return length < stop and b'"kind":"begin"' in content[start : length + 1]


def test_cut_at_every_byte_another_run_goes_on() -> None:
    content, more = whole(), begin(change(C, A), "r3") + end(change(C, A), "r3")
    for length in range(len(content)):
        cut = content[:length]
        joint = b"" if cut[-1:] in (b"", b"\n") else b"\n"
        read = read_journal(cut + joint + more)
        assert read[:-1] == read_journal(cut)
        assert (read[-1].before, read[-1].after, read[-1].written) == (C, A, Done.YES)


def test_cut_twice_in_a_row() -> None:
    cut = begin(change(A, B))[:300] + b"\n" + begin(change(A, B), "r2")[:-9] + b"\n"
    assert read_journal(cut) == ()
    assert len(read_journal(cut + begin(change(A, C), "r3"))) == 1


def test_zeros_after_a_loss_of_power() -> None:
    lines = begin(change(A, B))
    assert len(read_journal(lines + b"\0" * 500)) == 1
    assert len(read_journal(lines + end(change(A, B))[:60] + b"\0" * 500)) == 1
    assert len(read_journal(lines + b"\0" * 500 + b"\n" + begin(change(B, C), "r2"))) == 2


def test_within_a_run_no_line_is_cut_off() -> None:
    for torn in (begin(change(A, B))[:-9], begin(change(A, B))[:3], b""):
        lines = begin(change(A, B)) + torn + b"\n"
        for next_line in (end(change(A, B)), begin(change(None, C, OTHER))):
            with pytest.raises(InvalidError, match="line 2: truncated"):
                read_journal(lines + next_line)


def test_the_end_of_another_run_does_not_excuse_a_cut() -> None:
    lines = begin(change(A, B), "r2") + begin(change(A, B), "r1")[:-9] + b"\n"
    with pytest.raises(InvalidError, match="line 2: truncated"):
        read_journal(lines + end(change(A, B), "r2"))


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b"hello",
        b"\n",
        b"\0\0",
        b"null",
        b"[1]\n",
        b'{"Version": "2012-10-17"}\n',
        b'{\n  "format_version": "1"\n}\n',
        b"version: 1\nregistry: {}\n",
        b"\xef\xbb\xbf" + HEAD.encode(),
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_journal(content: bytes) -> None:
    with pytest.raises(InvalidError, match="is not a reconcile journal"):
        read_journal(content, "it")


FORGED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("digest does not match", lambda line: line.replace(b"PutImage", b"GetImage")),
    ("digest does not match", lambda line: edited(line, digest="sha256:" + "0" * 64)),
    ("'digest' is missing", lambda line: edited(line, digest=...)),
    ("'before' is missing", lambda line: edited(line, before=...)),
    ("'more' is unknown", lambda line: edited(line, more=1)),
    ("'repository' has an invalid value", lambda line: edited(line, repository="UPPER")),
    ("'repository' has an invalid value", lambda line: edited(line, repository="a")),
    (
        "'repository' has an invalid value",
        lambda line: edited(line, repository="a" * 257),
    ),
    ("'repository' has an invalid value", lambda line: edited(line, repository="app\n")),
    ("'repository' has an invalid value", lambda line: edited(line, repository="../app")),
    ("'repository' has an invalid value", lambda line: edited(line, repository=["app"])),
    ("'account' has an invalid value", lambda line: edited(line, account="11112222333")),
    ("'account' has an invalid value", lambda line: edited(line, account=111122223333)),
    ("'account' has an invalid value", lambda line: edited(line, account="١١١١٢٢٢٢٣٣٣٣")),
    (
        "'region' has an invalid value",
        lambda line: edited(line, region="us-west-2.evil.example"),
    ),
    ("'region' has an invalid value", lambda line: edited(line, region="us-west-2/")),
    ("'region' has an invalid value", lambda line: edited(line, region="evil@us-west-2")),
    ("'region' has an invalid value", lambda line: edited(line, region="us-west-2\n")),
    ("'region' has an invalid value", lambda line: edited(line, region="")),
    ("'change' has an invalid value", lambda line: edited(line, change="drop")),
    ("'change' has an invalid value", lambda line: edited(line, change=["set"])),
    (
        "'before' has an invalid value",
        lambda line: edited(line, before={"Version": "2012-10-17"}),
    ),
    ("'after' has an invalid value", lambda line: edited(line, after="x" * 10_241)),
    ("'by' has an invalid value", lambda line: edited(line, by=None)),
    ("'plan' has an invalid value", lambda line: edited(line, plan="sha256:x")),
    ("'command' has an invalid value", lambda line: edited(line, command="plan")),
    ("'run' has an invalid value", lambda line: edited(line, run="")),
    ("'at' has an invalid value", lambda line: edited(line, at="yesterday")),
    ("'at' has an invalid value", lambda line: edited(line, at="2026-13-01T12:00:00Z")),
    ("neither begin nor end", lambda line: edited(line, kind="middle")),
    ("neither begin nor end", lambda line: edited(line, kind=["begin"])),
    ("does not fit", lambda line: edited(line, after=None)),
    ("does not fit", lambda line: edited(line, change="create")),
    ("does not fit", lambda line: edited(line, change="delete")),
    ("not a role", lambda line: edited(line, assume_role="role/x")),
    ("not a role", lambda line: edited(line, assume_role="arn:aws:iam::444455556666:role/x")),
    ("not a role", lambda line: edited(line, assume_role="arn:aws-cn:iam::111122223333:role/x")),
    ("not a role", lambda line: edited(line, assume_role="arn:aws:iam::111122223333:user/x")),
    ("'external_id' has an invalid value", lambda line: edited(line, external_id="x y")),
    ("'session_name' has an invalid value", lambda line: edited(line, session_name="a/b")),
    ("'profile' has an invalid value", lambda line: edited(line, profile="")),
    ("'profile' has an invalid value", lambda line: edited(line, profile="a\x1b[31m")),
    ("'profile' has an invalid value", lambda line: edited(line, profile=None)),
    ("'profile' is unknown", lambda line: formerly(edited(line, profile="x"), "2")),
    ("'assume_role' is missing", lambda line: edited(line, external_id="7f3c")),
    ("'assume_role' is missing", lambda line: edited(line, session_name="ci")),
    ("not a line of a reconcile journal", lambda line: edited(line, tool="terraform")),
    ("not a line of a reconcile journal", lambda _: b"[]\n"),
    ("not JSON", lambda line: line[:-2] + b"},\n"),
    ("not ASCII", lambda line: line.replace(b'"by":"', b'"by":"\xc3\xa9')),
    ("duplicate key", lambda line: line[:-2] + b',"tool":"reconcile"}\n'),
    ("not JSON", lambda _: b"hello\n"),
    ("nested too deeply", lambda line: line[:-2] + b',"x":' + b"[" * 100_000 + b"}\n"),
    ("not a JSON value", lambda line: line[:-2] + b',"x":NaN}\n'),
    ("'x' is unknown", lambda line: line[:-2] + b',"x":1e9}\n'),
    ("too many digits", lambda line: line[:-2] + b',"x":' + b"9" * 5_000 + b"}\n"),
    ("larger than a line", lambda line: edited(line, before="x" * MAX_LINE)),
]


@pytest.mark.parametrize(("reason", "forge"), FORGED)
def test_a_forged_line_is_refused_with_its_number(
    reason: str, forge: Callable[[bytes], bytes]
) -> None:
    good, line = begin(change(A, B), "r0"), begin(change(A, B))
    for after in (b"", end(change(A, B)), begin(change(A, B), "r2")):
        with pytest.raises((InvalidError, RefusedError), match=r"it, line 2: .*" + reason):
            read_journal(good + forge(line) + after, "it")


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("'outcome' has an invalid value", {"outcome": "lost"}),
        ("'written' has an invalid value", {"written": 1}),
        ("'written' does not fit", {"written": False}),
        ("'written' does not fit", {"written": None}),
        ("'written' does not fit", {"outcome": "in-force"}),
        ("'written' does not fit", {"outcome": "in-force", "written": None}),
        ("'error' has an invalid value", {"error": ["no"]}),
        ("'by' is unknown", {"by": CALLER}),
        ("without its beginning", {"run": "r9"}),
        ("without its beginning", {"repository": "other/one"}),
        ("without its beginning", {"region": "us-east-1"}),
    ],
)
def test_a_forged_end(reason: str, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidError, match=r"line 2: .*" + reason):
        read_journal(begin(change(A, B)) + edited(end(change(A, B)), **fields))


def test_a_second_end_has_no_beginning() -> None:
    with pytest.raises(InvalidError, match="line 3: the end of a write without its beginning"):
        read_journal(begin(change(A, B)) + end(change(A, B)) * 2)


@pytest.mark.parametrize("version", ["4", 2, None, ["1"]])
def test_another_format_is_refused(version: object) -> None:
    line = edited(begin(change(A, B)), format_version=version)
    with pytest.raises(RefusedError, match=r"line 2: .*another version.*reads the formats 1, 2, 3"):
        read_journal(begin(change(A, B)) + line)


def test_another_format_from_the_first_line_on() -> None:
    with pytest.raises(RefusedError, match=r"line 1: .*another version"):
        read_journal(edited(begin(change(A, B)), format_version="4", new=1))


FORMER = ("1", "2")


def formerly(line: bytes, version: str) -> bytes:
    """Return a line in the format without subjects, or in that without a role's parameters."""
    former: dict[str, object] = {"external_id": ..., "session_name": ...}
    if version == "1":
        former["subject"] = ...
    return edited(line, format_version=version, **former)


@pytest.mark.parametrize("version", FORMER)
def test_the_former_format_is_read(version: str) -> None:
    lines = formerly(begin(change(A, B)), version) + formerly(end(change(A, B)), version)
    assert read_journal(lines) == read_journal(begin(change(A, B)) + end(change(A, B)))


def test_the_former_format_has_a_role_without_parameters() -> None:
    role = AssumedRole("arn:aws:iam::111122223333:role/writer")
    (write,) = read_journal(formerly(begin(change(A, B), assume_role=role), "2"))
    assert write.assume_role == role


@pytest.mark.parametrize("version", FORMER)
def test_a_run_may_go_on_in_a_journal_of_the_former_format(version: str) -> None:
    first = formerly(begin(change(A, B)), version)
    for length in range(1, len(first)):
        read = read_journal(first[:length] + b"\n" + begin(change(B, C), "r2"))
        assert [write.run for write in read][-1:] == ["r2"]


def test_the_former_format_has_no_subject() -> None:
    line = edited(formerly(begin(change(A, B)), "1"), subject="repository-policy")
    with pytest.raises(InvalidError, match="line 1: 'subject' is unknown"):
        read_journal(line)
    with pytest.raises(InvalidError, match="line 1: 'subject' is missing"):
        read_journal(edited(begin(change(A, B)), subject=...))


POLICY = on_repositories(A)
OF_REGISTRY = change(POLICY, None, REGISTRY)
OF_TEMPLATE = change(None, template(A), TEMPLATE)
FORGED_SUBJECTS: list[tuple[str, Change, dict[str, object]]] = [
    ("'subject' has an invalid value", OF_REGISTRY, {"subject": "registry"}),
    ("'subject' has an invalid value", OF_REGISTRY, {"subject": ["registry-policy"]}),
    ("'repository' has an invalid value", OF_REGISTRY, {"subject": "repository-policy"}),
    ("'repository' has an invalid value", OF_REGISTRY, {"subject": "creation-template"}),
    ("'repository' has an invalid value", OF_REGISTRY, {"repository": "payments/api"}),
    ("'repository' has an invalid value", OF_TEMPLATE, {"subject": "registry-policy"}),
    ("'repository' has an invalid value", OF_TEMPLATE, {"repository": "*"}),
    ("'repository' has an invalid value", OF_TEMPLATE, {"repository": "payments/"}),
    ("'repository' has an invalid value", OF_TEMPLATE, {"repository": ""}),
    ("'repository' has an invalid value", OF_TEMPLATE, {"repository": "a" * 257}),
    ("'after' is another template", OF_TEMPLATE, {"repository": "ROOT"}),
    ("'after' is another template", OF_TEMPLATE, {"repository": "payment"}),
    ("'before' is another template", OF_TEMPLATE, {"change": "delete", "after": None,
        "repository": "p", "before": template(A)}),
    ("'before' has an invalid value", OF_TEMPLATE, {"change": "set", "before": A}),
    ("'after' has an invalid value", OF_TEMPLATE, {"after": "[]"}),
    ("'after' has an invalid value", OF_TEMPLATE, {"after": "{"}),
    ("'after' has an invalid value", OF_TEMPLATE, {"after": template("x" * 10_241)}),
    ("does not fit", OF_TEMPLATE, {"after": None}),
    ("does not fit", OF_TEMPLATE, {"before": template(B)}),
    ("changes more of the template", OF_TEMPLATE, {"change": "set",
        "before": template(A, customRoleArn="arn:aws:iam::111122223333:role/evil")}),
    ("does not fit", OF_REGISTRY, {"change": "create", "before": None}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "made", "fields"), FORGED_SUBJECTS)
def test_a_forged_subject(reason: str, made: Change, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidError, match=r"it, line 1: .*" + reason):
        read_journal(edited(begin(made), **fields), "it")


@pytest.mark.parametrize("prefix", ["ROOT", "p", "payments/api"])
def test_prefixes_of_templates(prefix: str) -> None:
    target = template_target(prefix, SCOPE)
    text = CreationTemplate(f"{prefix}/", ("REPLICATION",), A).text
    (write,) = read_journal(begin(change(None, text, target)))
    assert (write.target, write.change, write.after) == (target, "create", text)


def test_the_longest_template_can_be_journalled() -> None:
    """Whatever its characters: here each takes fourteen bytes in the line."""
    longest = {"lifecyclePolicy": 30_720, "description": 256, "customRoleArn": 2_048}
    tags = [{"Key": "🦊" * 128, "Value": "🦊" * 256} for _ in range(50)]
    fields = {name: "🦊" * size for name, size in longest.items()}
    text = template("🦊" * 10_240, resourceTags=tags, **fields)
    (write,) = read_journal(begin(change(text, text, TEMPLATE)))
    assert (write.before, write.after) == (text, text)


def test_each_subject_is_apart() -> None:
    there = template_target("payments", SCOPE)
    repository = Target("payments", SCOPE)
    lines = [
        begin(OF_REGISTRY), begin(OF_TEMPLATE), begin(change(A, B, repository)),
        end(change(A, B, repository)), end(OF_REGISTRY, result="failed"),
    ]  # fmt: skip
    assert [(w.target, w.written) for w in read_journal(b"".join(lines))] == [
        (REGISTRY, Done.NO),
        (there, Done.UNKNOWN),
        (repository, Done.YES),
    ]


def test_a_journal_beyond_all_bounds() -> None:
    with pytest.raises(InvalidError, match="larger than a journal"):
        read_journal(bytes(MAX_JOURNAL + 1))


@pytest.mark.parametrize("rest", [b'{"half', b"half a line", b'{"kind":"begin","x', b"\0\0"])
def test_whatever_has_no_end_is_forgiven_at_the_very_end(rest: bytes) -> None:
    whole = begin(change(A, B)) + end(change(A, B))
    assert read_journal(whole + rest) == read_journal(whole)


@pytest.mark.parametrize("rest", [b'{"half"}', b"}", b'{"half\n', b"half a line\n"])
def test_whatever_has_an_end_is_not(rest: bytes) -> None:
    with pytest.raises(InvalidError, match="line 3: not JSON"):
        read_journal(begin(change(A, B)) + end(change(A, B)) + rest)


def test_an_endless_line_that_is_cut_off_takes_no_time() -> None:
    line = HEAD.encode() + b'x","before":"' + b'\\"' * (MAX_LINE // 3)
    assert read_journal(line) == ()
    with pytest.raises(InvalidError, match="larger than a line"):
        read_journal(line * 3)


@given(st.binary(max_size=200), st.integers(0, 5_000))
def test_whatever_is_in_it_it_is_read_or_refused(rubbish: bytes, place: int) -> None:
    content = whole()
    place %= len(content)
    try:
        read = read_journal(content[:place] + rubbish + content[place + len(rubbish) :])
    except ReconcileError:
        return
    known = [(w.target, w.before, w.after) for w in read_journal(content)]
    assert all((w.target, w.before, w.after) in known for w in read)


TARGETS = st.just(REGISTRY) | st.builds(
    Target,
    st.from_regex(r"[a-z0-9]{2,9}([-._/][a-z0-9]{1,9}){0,3}", fullmatch=True),
    st.builds(RegistryScope, st.from_regex(r"[0-9]{12}", fullmatch=True), st.just("eu-west-1")),
    st.just("repository-policy"),
)
POLICIES = st.none() | st.text(max_size=300)


@given(TARGETS, POLICIES, POLICIES, st.sampled_from(Done), st.none() | st.text(max_size=300))
def test_what_is_written_is_read_back(
    target: Target, before: str | None, after: str | None, written: Done, error: str | None
) -> None:
    """Writing and reading are inverses, whatever the policies and the error hold."""
    made = change(before, after, target)
    outcome = Outcome(made, "failed", error, written=written)
    run = info("r1", target.scope)
    lines = begin_line(run, made, NOON) + end_line(run, outcome, NOON)
    expected = JournaledWrite("r1", NOON, CALLER, target, None, made.change, before, after, written)
    assert read_journal(lines) == (expected,)
