"""The pages in a real browser: what they show, the keyboard, dark mode, print, and no complaint."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.answers import Answer, Matrix, MatrixCell, MatrixRow
from reconciler.report.html.matrix_page import render_matrix_html
from reconciler.report.html.plan_page import render_drift_html, render_plan_html
from reconciler.report.plans.plan_view import RefusalView, view_drift, view_plan
from reconciler.report.plans.policy_diff import diff_of_change
from reconciler.report.questions.answers import how_words, where_words
from reconciler.report.questions.matrix import cell_words, short_names
from reconciler.workflow.questions.answers import access_overview
from tests.browser import Tab
from tests.cli.hostile import ALL, MARKUP
from tests.golden import case_folders, origin, planned
from tests.golden_answers import asked_file, from_live
from tests.guide import ROOT
from tests.report.large_matrix import large_page
from tests.report.test_hostile_text import hostile_plan
from tests.report.test_matrix_page import ORIGIN, PULL, WHO, hostile_page

CTRL = 2


@pytest.fixture
def shown(tab: Tab, tmp_path: Path) -> Iterator["Shown"]:
    """A tab that shows pages; in the end nothing may have complained or been asked for."""
    tab.show()
    pages = Shown(tab, tmp_path)
    yield pages
    assert tab.complaints == []
    assert tab.requests == [pages.address]


class Shown:
    """A page in a tab."""

    def __init__(self, tab: Tab, folder: Path) -> None:
        self.tab, self._file = tab, folder / "page.html"
        self.address = self._file.as_uri()

    def open(self, page: str) -> None:
        self._file.write_text(page, encoding="ascii")
        self.tab.open(self._file)
        self.settle()

    def value(self, expression: str) -> object:
        return self.tab.value(expression)

    def number(self, expression: str) -> int:
        found: int = self.tab.value(expression)
        return found

    def texts(self, selector: str) -> list[str]:
        """The texts of the elements that match, as they are shown."""
        every = f"[...document.querySelectorAll({json.dumps(selector)})]"
        found: list[str] = self.tab.value(f"{every}.map((one) => one.innerText.trim())")
        return found

    def click(self, selector: str) -> None:
        self.value(f"document.querySelector({json.dumps(selector)}).click()")

    def fill(self, text: str) -> None:
        """Type into the filter, in place of what is there."""
        self.value("document.getElementById('filter').select()")
        self.tab.type(text)
        if not text:
            self.value(
                "(() => { const f = document.getElementById('filter'); f.value = '';"
                " f.dispatchEvent(new Event('input')); })()"
            )
        self.settle()

    def settle(self) -> None:
        """Wait until what was scrolled is drawn."""
        frame = "requestAnimationFrame"
        self.value(f"new Promise((done) => {frame}(() => {frame}(() => {frame}(done))))")


PAGES = Path(__file__).parent / "pages"


def matrix_page(*, live: bool = False) -> str:
    asked = asked_file(PAGES)
    seen = access_overview(asked, live=from_live if live else None)
    names = seen.result.display_names
    return render_matrix_html(seen.result.matrix, names, seen.origin, seen.risks, seen.desired)


def test_the_table_has_rows_columns_and_cells_with_their_source(shown: Shown) -> None:
    shown.open(matrix_page())
    assert shown.texts("#matrix tbody th") == ["payments/*", "payments/api", "tools/builder"]
    assert shown.texts("#matrix thead th")[:4] == ["Repository", "admins", "all-staging", "ci"]
    assert "3 of 3 repositories, 12 of 12 principals, 16 cells" in shown.texts("#shown")
    scopes = "[...document.querySelectorAll('#matrix th')].map((one) => one.scope)"
    assert set(shown.value(scopes)) == {"row", "col"}  # type: ignore[call-overload]
    shown.click("#matrix tbody tr:nth-child(3) .look-push-pull")
    (detail,) = shown.texts("#detail")
    assert "payments/api \u00b7 ci (arn:aws:iam::444455556666:role/role2-1)" in detail
    assert "push-pull: allowed \u2014 ecr_access.yaml:22" in detail
    shown.click("#detail .close")
    assert shown.value("document.getElementById('detail').hidden") is True


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("tools", ["tools/builder"], ["admins", "ci", "everyone-here", "runtime"]),
        ("ci push", ["payments/api", "tools/builder"], ["ci"]),
        ("STAGING", ["payments/api"], ["all-staging", "deployers in staging"]),
        ("role/puller", ["payments/api"], ["partner"]),
        ("builder lambda", [], []),
        ("", ["payments/*", "payments/api", "tools/builder"], None),
    ],
)
def test_the_filter(shown: Shown, text: str, rows: list[str], columns: list[str] | None) -> None:
    shown.open(matrix_page())
    shown.fill("something else")
    shown.fill(text)
    assert shown.texts("#matrix tbody th") == rows
    assert columns is None or shown.texts("#matrix thead th")[1:] == columns
    assert ("Nothing matches the filter." in shown.texts("#view > p")) is not bool(rows)


def test_groups_of_accounts_and_prefixes(shown: Shown) -> None:
    shown.open(matrix_page())
    shown.click("#by-account")
    accounts = shown.texts("#matrix thead th.group")
    assert accounts == [
        "no account",
        "partner-corp (999900001111)",
        "staging (777788889999)",
        "workloads (444455556666)",
    ]
    assert shown.texts("#matrix thead tr:nth-child(2) th")[:4] == [
        "functions", "organization", "prod-ou", "partner",
    ]  # fmt: skip
    shown.click("#by-prefix")
    assert shown.texts("#matrix tbody tr.group th") == ["\u25be payments/ (2)", "\u25be tools/ (1)"]
    shown.click("#matrix tbody tr.group button")
    assert shown.texts("#matrix tbody th") == [
        "\u25b8 payments/ (2)", "\u25be tools/ (1)", "tools/builder",
    ]  # fmt: skip
    assert shown.value("document.querySelector('tr.group button').ariaExpanded") == "false"
    shown.value("dispatchEvent(new Event('beforeprint'))")
    assert len(shown.texts("#printed tbody tr")) == 3
    shown.click("#as-list")
    shown.settle()
    assert shown.texts("#view h2") == ["payments/", "tools/"]
    assert len(shown.texts("#view summary")) == 3


def test_another_width_keeps_what_is_in_view_and_the_focus(shown: Shown) -> None:
    shown.open(large_page(200, 50))
    shown.value("document.getElementById('matrix').focus()")
    shown.tab.press("End", modifiers=CTRL)
    shown.tab.show(width=700)
    shown.settle()
    assert shown.texts("#matrix tbody th")[-1] == "team-01/app-0199"
    assert shown.value("document.activeElement.id") == "matrix"
    shown.tab.press("ArrowUp")
    assert shown.value("document.activeElement.ariaActiveDescendantElement.id") == "r198c50"


def test_the_keyboard_reaches_every_cell(shown: Shown) -> None:
    shown.open(matrix_page())
    active = (
        "(() => { const id = document.activeElement.getAttribute('aria-activedescendant');"
        " return [document.activeElement.id, id, document.getElementById(id)?.innerText]; })()"
    )
    shown.value("document.getElementById('as-list').focus()")
    shown.tab.press("Tab")
    assert shown.value(active) == ["matrix", "r0c0", "payments/*"]
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        shown.tab.press(key)
    assert shown.value(active) == ["matrix", "r1c3", "push-pull"]
    shown.tab.press("Enter")
    assert "ecr_access.yaml:22" in shown.texts("#detail")[0]
    shown.tab.press("ArrowRight")
    assert "ecr_access.yaml:29" in shown.texts("#detail")[0]
    shown.tab.press("Escape")
    assert shown.value("document.getElementById('detail').hidden") is True
    shown.tab.press("End", modifiers=CTRL)
    assert shown.value(active) == ["matrix", "r2c12", "read"]
    shown.tab.press("Home", modifiers=CTRL)
    assert shown.value(active) == ["matrix", "r0c0", "payments/*"]


def test_a_screen_reader_finds_a_grid_with_headers(shown: Shown) -> None:
    shown.open(matrix_page())
    nodes = shown.tab.command("Accessibility.getFullAXTree")["nodes"]
    shown.tab.command("Accessibility.disable")
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]
    assert ("grid", "Access of principals to repositories") in found
    assert ("searchbox", "Filter") in found
    assert {("rowheader", "payments/api"), ("columnheader", "ci")} <= set(found)
    assert ("gridcell", "push-pull") in found


def test_what_a_public_repository_gives_fits_a_cell(shown: Shown) -> None:
    answer = Answer("a", WHO[0], None, PULL, "allowed", "Allow", "everyone")
    row = MatrixRow("a", (MatrixCell(WHO[0], "pull", "", "everyone", (answer,)),))
    shown.open(render_matrix_html(Matrix((WHO[0],), (row,)), DisplayNames(), ORIGIN))
    assert shown.texts("#matrix .look-pull") == ["pull (everyone)"]
    one = "document.querySelector('#matrix .look-pull')"
    assert shown.value(f"{one}.scrollWidth <= {one}.clientWidth") is True


def test_live_differences_are_marked_in_words(shown: Shown) -> None:
    shown.open(matrix_page(live=True))
    assert "16\ndifferences" in shown.texts(".figures li")
    shown.click("#only-differences")
    assert shown.texts("#matrix tbody th") == ["payments/api", "tools/builder"]
    shown.fill("ci payments")
    shown.click("#matrix .differs")
    (detail,) = shown.texts("#detail")
    assert "live pull, file push-pull" in detail
    assert 'live: pull: allowed \u2014 Statement[0] "by hand"' in detail
    assert "file: push-pull: allowed \u2014 ecr_access.yaml:22" in detail
    shown.fill("")
    shown.click("#only-differences")
    shown.click("#only-risks")
    assert shown.texts("#matrix .chip") == ["!ecr:BatchGetImage"]
    shown.click("#only-risks")
    assert "access denied" in shown.texts("#matrix td.failed")
    shown.fill("all-staging builder registry")
    shown.click("#matrix .look-pull")
    (detail,) = shown.texts("#detail")
    assert 'registry policy, Statement[0] "for all members"' in detail
    shown.fill("")
    shown.click("[data-find]")
    assert shown.texts("#matrix tbody th") == ["=cmd|x"]


def test_a_phone_shows_a_list_that_fits(shown: Shown) -> None:
    shown.tab.show(width=390, height=844)
    shown.open(matrix_page())
    assert shown.texts("#matrix") == []
    assert shown.texts("#view summary b") == ["payments/*", "payments/api", "tools/builder"]
    assert "push-pull ci\npush-pull: allowed \u2014 ecr_access.yaml:22" in shown.texts("#view li")
    assert shown.value("document.documentElement.scrollWidth") == 390
    shown.fill("builder runtime")
    assert shown.texts("#view summary b") == ["tools/builder"]
    shown.click("#as-list")
    assert shown.texts("#matrix tbody th") == ["tools/builder"]


def test_the_list_has_every_cell_with_its_source(shown: Shown) -> None:
    seen = access_overview(asked_file(PAGES))
    names, matrix = seen.result.display_names, seen.result.matrix
    shown.open(matrix_page())
    shown.click("#as-list")
    shown.settle()
    labels = dict(zip(matrix.subjects, short_names(matrix.subjects, names), strict=True))
    told = [
        " ".join(item.replace("!", "").split())
        for number, _ in enumerate(matrix.rows, 1)
        for item in shown.texts(f"#view details:nth-child({number}) li")
    ]
    assert told == [
        f"{cell_words(cell)} {labels[cell.subject]} {' '.join(map(source_words, cell.answers))}"
        for row in matrix.rows
        for cell in sorted(row.cells, key=lambda cell: matrix.subjects.index(cell.subject))
    ]


def source_words(answer: Answer) -> str:
    """What the page says of an answer of the golden file, where no tier is in parts."""
    access = answer.tier or "read without ecr:DescribeImages"
    return f"{access}: {how_words(answer)} \u2014 {where_words(answer)}"


@pytest.mark.parametrize("page", ["matrix", "plan"])
def test_dark_and_light(shown: Shown, page: str) -> None:
    source, plan = planned(next(f for f in case_folders() if f.name == "gains-and-loses"))
    view = view_plan(plan, DisplayNames())
    shown.open(matrix_page() if page == "matrix" else render_plan_html(view, origin(source)))
    contrasts = []
    for dark in (False, True):
        shown.tab.show(dark=dark)
        contrasts.append(shown.value(CONTRAST))
        assert shown.value("getComputedStyle(document.documentElement).colorScheme") == "light dark"
    light, dark_ = contrasts
    assert isinstance(light, list)
    assert isinstance(dark_, list)
    assert light[0] > 200  # the ground, of 255
    assert dark_[0] < 60
    assert min(light[1], dark_[1]) >= 4.5  # WCAG 2.2, 1.4.3: contrast of text


CONTRAST = """(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parts(color).map((c) => c / 255)
      .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
  };
  const ratios = [...document.body.querySelectorAll("*")]
    .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((one) => one.checkVisibility() && !["SCRIPT", "NOSCRIPT"].includes(one.tagName))
    .map((one) => [luminance(getComputedStyle(one).color), luminance(ground(one))])
    .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  return [parts(ground(document.documentElement))[0], Math.min(...ratios)];
})()"""


def test_print_has_all_that_the_filter_shows(shown: Shown) -> None:
    shown.open(matrix_page())
    shown.fill("payments/api pull")
    shown.value("dispatchEvent(new Event('beforeprint'))")
    shown.tab.command("Emulation.setEmulatedMedia", media="print")
    (row,) = shown.texts("#printed tbody tr")
    assert row.startswith("payments/api")
    assert "ci: push-pull; " in row
    assert shown.value("document.getElementById('view').checkVisibility()") is False
    shown.tab.command("Emulation.setEmulatedMedia", media="")
    shown.value("dispatchEvent(new Event('afterprint'))")
    assert shown.texts("#printed *") == []


def test_a_thousand_repositories_by_three_hundred_principals(shown: Shown) -> None:
    page = large_page(every=7)  # also the last cell has access
    assert len(page) < 400_000
    shown.open(page)
    counts = "1,000 of 1,000 repositories, 300 of 300 principals, 42,858 cells"
    assert shown.texts("#shown") == [counts]
    drawn = "document.querySelectorAll('#view *').length"
    assert 100 < shown.number(drawn) < 3_000
    shown.value("document.getElementById('view').scrollTo(20000, 17000)")
    shown.settle()
    assert "team-05/app-0510" in shown.texts("#matrix tbody th")
    assert "workload-155" in shown.texts("#matrix thead th")
    assert shown.number(drawn) < 3_000
    assert shown.number(IN_VIEW) > 15
    shown.value("document.getElementById('matrix').focus()")
    shown.tab.press("End", modifiers=CTRL)
    assert shown.texts("#matrix .active") == ["read"]
    shown.tab.press("Enter")
    assert "ecr_access.yaml:42858" in shown.texts("#detail")[0]
    shown.fill("workload-003 app-011 read")
    assert shown.texts("#matrix tbody th") == ["team-01/app-0115"]


IN_VIEW = """(() => {
  const view = document.getElementById("view").getBoundingClientRect();
  const inView = (box) => box.top < view.bottom && box.bottom > view.top;
  const rows = [...document.querySelectorAll("#matrix tbody tr:not(.room)")];
  return rows.filter((row) => inView(row.getBoundingClientRect())).length;
})()"""


@pytest.mark.parametrize("text", [*MARKUP, ALL, "<img src=x onerror=alert(1)>", "y" * 10_000])
def test_hostile_text_is_inert_and_breaks_no_layout(shown: Shown, text: str) -> None:
    elements = "document.querySelectorAll('script, img, iframe, a[href^=javascript]').length"
    shown.open(hostile_page(text))
    assert shown.value(elements) == 2
    shown.click("#matrix .chip")
    shown.click("#by-account")
    shown.click("#by-prefix")
    shown.click("#as-list")
    shown.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert shown.value(elements) == 2
    assert shown.value("document.documentElement.scrollWidth <= innerWidth") is True
    view = view_plan(
        hostile_plan(text), DisplayNames(), (RefusalView("public", text, "--allow-public a"),)
    )
    shown.open(render_plan_html(view, ORIGIN, diff_of_change))
    assert shown.value(elements) == 0
    assert shown.value("document.documentElement.scrollWidth <= innerWidth") is True


def test_the_columns_of_all_changes_are_aligned(shown: Shown) -> None:
    _, plan = planned(next(f for f in case_folders() if f.name == "hand-edit"))
    _, other = planned(next(f for f in case_folders() if f.name == "gains-and-loses"))
    both = plan._replace(changes=(*plan.changes, *other.changes))
    left = "[...document.querySelectorAll('.grants th:nth-child(3)')].map((one) => one.offsetLeft)"
    for page in (
        render_plan_html(view_plan(both, DisplayNames()), ORIGIN),
        render_drift_html(view_drift(both, DisplayNames()), ORIGIN),
    ):
        shown.open(page)
        found: list[int] = shown.value(left)  # type: ignore[assignment]
        assert (len(found), len(set(found))) == (2, 1)


def test_a_plan_and_drift(shown: Shown) -> None:
    source, plan = planned(next(f for f in case_folders() if f.name == "gains-and-loses"))
    view = view_plan(plan, DisplayNames())
    shown.open(render_plan_html(view, origin(source)))
    assert shown.texts("h2") == ["Risks", "Changes"]
    assert shown.texts("#risks ~ div tbody tr") == [
        "deny-removed\tthe Deny for everyone is removed\tpayments/api"
    ]
    assert shown.value("document.querySelector('details').open") is False
    shown.click("details summary")
    assert '"change": "set"' in shown.texts("details pre")[0]
    shown.click("#risks ~ div a")
    assert shown.value("document.querySelector(':target').id") == "change-1"
    shown.tab.show(width=390, height=844)
    assert shown.value("document.documentElement.scrollWidth") == 390
    shown.open(render_drift_html(view_drift(plan, DisplayNames()), origin(source)))
    assert "Differences" in shown.texts("h2")
    assert shown.value("document.documentElement.scrollWidth") == 390


def test_the_picture_of_a_comment_has_room_for_it(tab: Tab, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        (ROOT / "docs" / "images" / "pull-request.svg").read_text(encoding="utf-8"),
        encoding="ascii",
        errors="xmlcharrefreplace",
    )
    tab.show(width=960)
    tab.open(page)
    width, height, room = tab.value("""
      (() => {
        const comment = document.querySelector(".comment");
        const {width, height} = document.querySelector("svg").viewBox.baseVal;
        return [comment.scrollWidth / width, comment.offsetHeight, height];
      })()
    """)
    assert (width <= 1, room - 40 < height <= room) == (True, True), (width, height, room)
