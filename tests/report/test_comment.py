"""A comment is never too long, and what it leaves out is counted."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.comment import Part, Rank, Section, fit_comment, size_of
from tests.effort import examples

HEAD = "head\n"
TEXT = st.text(alphabet="ab é→😀", max_size=400).map(lambda text: f"<{text}>\n")
PARTS = st.lists(st.builds(Part, TEXT, st.sampled_from(Rank), st.integers(1, 3)), max_size=8)
NOUNS = st.sampled_from([("row", "rows"), ("change", "changes")])
SECTIONS = st.lists(st.builds(Section, TEXT, PARTS, NOUNS), max_size=4)


def comment(sections: list[Section], document: list[str], limit: int) -> str:
    return fit_comment(HEAD, sections, document, "See the log.", limit)


def told_apart(sections: list[Section]) -> list[Section]:
    """Number the sections and their parts, so that no two texts are equal."""
    return [
        Section(
            f"[{n}]{section.head}",
            [part._replace(text=f"({n}.{m}){part.text}") for m, part in enumerate(section.parts)],
            section.nouns,
        )
        for n, section in enumerate(sections)
    ]


def counted(note: str) -> int:
    return sum(int(number) for number in re.findall(r"(\d+) (?:row|change)s?\b", note))


@given(SECTIONS, st.lists(TEXT, max_size=3), st.integers(1_100, 6_000))
@examples(200)
def test_it_fits_in_whole_parts_and_counts_the_others(
    sections: list[Section], document: list[str], limit: int
) -> None:
    sections = told_apart(sections)
    shown = comment(sections, document, limit)
    assert size_of(shown) <= limit
    whole, _, note = shown.partition("\n*Left out here: ")
    rest = whole.removeprefix(HEAD)
    missing = 0
    for section in sections:
        parts = [part for part in section.parts if part.text in whole]
        rest = rest.removeprefix(section.head) if parts else rest
        for part in section.parts:
            if rest.startswith(part.text):
                rest = rest.removeprefix(part.text)
            else:
                missing += part.number
    assert rest == ("" if note else "".join(document))
    assert counted(note) == missing


def rows(*ranks: Rank) -> list[Part]:
    return [Part(f"{rank.name} {'x' * 300}\n", rank) for rank in ranks]


def test_what_matters_most_stays() -> None:
    """Whatever the order in which the parts are shown."""
    sections = [
        Section("# changes\n", rows(Rank.CHANGE, Rank.RISK, Rank.RISK), ("change", "changes")),
        Section("# findings\n", rows(Rank.FINDING, Rank.REST), ("finding", "findings")),
        Section("# refused\n", rows(Rank.REFUSAL), ("refusal", "refusals")),
    ]
    shown = comment(sections, ["{}"], 1_000 + 2 * 320)
    assert re.findall(r"^# (\w+)|^([A-Z]+) ", shown, re.MULTILINE) == [
        ("changes", ""),
        ("", "RISK"),
        ("refused", ""),
        ("", "REFUSAL"),
    ]
    assert shown.endswith(
        "\n*Left out here: the JSON, 2 changes (1 with risks), 2 findings. See the log.*\n"
    )


def test_the_document_is_left_out_first_and_not_read_to_its_end() -> None:
    read: list[int] = []

    def document() -> Iterator[str]:
        for number in range(1_000):
            read.append(number)
            yield "x" * 100

    section = Section("# refused\n", rows(Rank.REFUSAL), ("refusal", "refusals"))
    shown = fit_comment(HEAD, [section], document(), "See the log.", 3_000)
    assert "REFUSAL" in shown
    assert shown.endswith("\n*Left out here: the JSON. See the log.*\n")
    assert len(read) < 30


def test_the_size_counts_what_needs_two_units_twice() -> None:
    assert size_of("aé→😀") == 5
