"""A plan and drift as a page: all that the text says, and nothing that was not written by us."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.access import DisplayNames
from reconciler.plan.compute import without_expired
from reconciler.plan.model import ChangedSince, Plan
from reconciler.plan.origin import Origin, PlannedRegistry
from reconciler.report.html.plan_page import render_drift_html, render_plan_html
from reconciler.report.plans.plan_text import render_drift, render_plan
from reconciler.report.plans.plan_view import RefusalView, view_drift, view_plan
from reconciler.report.plans.policy_diff import diff_of_change
from reconciler.report.text import plain
from reconciler.workflow.file.origin_and_names import names_of_file
from tests.cli.hostile import ALL, MARKUP, faults
from tests.effort import examples
from tests.golden import case_folders, origin, planned
from tests.report.html_text import elements_of, raw_of, text_of
from tests.report.test_grouping import NAMES, removed
from tests.report.test_hostile_text import hostile_plan

ORIGIN = Origin(
    "1.0.0", "ecr_access.yaml", "ab" * 32, (PlannedRegistry("111122223333", ("us-west-2",)),)
)

CONNECTING = {"error", "finding", "repository", "repositories", "not", "in", "the", "file"}


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\s()\[\]\"';:,|]{2,}", text))


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_the_page_says_what_the_text_says(folder: Path) -> None:
    source, plan = planned(folder)
    names = names_of_file(source)
    view = view_plan(plan, names)
    drift = view_drift(without_expired(plan), names)
    for text, page in (
        (render_plan(view, plain), render_plan_html(view, origin(source))),
        (render_drift(drift, plain), render_drift_html(drift, origin(source))),
    ):
        summaries = ("Plan: ", "Drift: ", "No drift")
        rest = "\n".join(line for line in text.splitlines() if not line.startswith(summaries))
        assert words_of(rest) - words_of(text_of(page)) - CONNECTING == set()


@pytest.mark.parametrize(
    ("not_read", "words"),
    [
        (None, "the other repositories were not read"),
        (0, "no other repository is managed"),
        (1, "1 other managed repository was not read"),
        (12, "12 other managed repositories were not read"),
    ],
)
def test_a_limited_plan_says_so_in_both(not_read: int | None, words: str) -> None:
    view = view_plan(Plan(changed_since=ChangedSince("v1", not_read)), DisplayNames())
    said = f"Only what the file changes since v1 was looked at: {words}. Unmanaged"
    assert said in render_plan(view, plain)
    assert said in text_of(render_plan_html(view, ORIGIN))


def page_of(text: str) -> str:
    view = view_plan(
        hostile_plan(text), DisplayNames(), (RefusalView("public", text, "--allow-public a"),)
    )
    where = Origin("1.0.0", text, text, (PlannedRegistry(text, (text,)),))
    return render_plan_html(view, where, diff_of_change)


def drift_page_of(text: str) -> str:
    return render_drift_html(view_drift(hostile_plan(text), DisplayNames()), ORIGIN)


@pytest.mark.parametrize("text", [*MARKUP, ALL, "</script><b>", "-->", "\u2028", "x" * 10_000])
def test_no_text_becomes_an_element(text: str) -> None:
    assert without_lines(drift_page_of(text)) == elements_of_harmless(drift_page_of)
    page = page_of(text)
    assert faults(page) == []
    assert without_lines(page) == elements_of_harmless(page_of)


def without_lines(page: str) -> list[str]:
    """The elements of a page but those of the lines of a text or a diff."""
    return [e for e in elements_of(page) if e.split()[0] not in {"span", "/span", "code", "/code"}]


@examples(10)
@given(st.text(min_size=1))
@example("a")
@example("$${{")
@example("description")
def test_no_random_text_becomes_an_element(text: str) -> None:
    assert without_lines(drift_page_of(text)) == elements_of_harmless(drift_page_of)


@cache
def elements_of_harmless(page_of: Callable[[str], str]) -> list[str]:
    return without_lines(page_of("harmless"))


def test_a_page_is_one_ascii_file_that_loads_nothing_and_runs_nothing() -> None:
    page = page_of("caf\u00e9")
    assert page.isascii()
    assert "caf&#233;" in page
    assert not {e.split()[0] for e in elements_of(page)} & {"script", "link", "img", "iframe"}
    assert re.findall(r"(?:src|url|@import|https?:)\b.{0,20}", raw_of(page)["style"]) == []


def test_the_policy_allows_this_style_alone() -> None:
    raw = raw_of(page_of("harmless"))
    digest = base64.b64encode(hashlib.sha256(raw["style"].encode()).digest()).decode()
    assert raw["policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_equal_changes_are_one_article_and_each_has_its_json() -> None:
    view = view_plan(Plan(tuple(map(removed, NAMES))), DisplayNames())
    together, alone = (
        elements_of(render_plan_html(view, ORIGIN, grouped=grouped)) for grouped in (True, False)
    )
    articles = [sum(e.startswith("article") for e in page) for page in (together, alone)]
    assert articles == [1, len(NAMES)]
    assert [page.count("details") for page in (together, alone)] == [len(NAMES)] * 2


def test_each_name_of_equal_changes_is_shown() -> None:
    view = view_plan(Plan(tuple(map(removed, NAMES))), DisplayNames())
    shown = text_of(render_plan_html(view, ORIGIN))
    assert [name for name in NAMES if name not in shown] == []
