"""The size of the largest matrix page, and how long a browser takes to open and to scroll it.

Times are CPU time of the page's main thread, as ratios to a page with a small matrix, side by side.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from tests.browser import Tab, browser, found
from tests.report.large_matrix import large_matrix, large_page

ROUNDS = 7
STEPS = 100
"""Frames of scrolling, each by 80 pixels: about 5,000 pixels a second."""

SCROLL = f"""new Promise((done) => {{
  const view = document.getElementById("view");
  let step = 0;
  const next = () => {{
    if (++step > {STEPS}) return done();
    view.%s += 80;
    requestAnimationFrame(next);
  }};
  requestAnimationFrame(next);
}})"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    command = found()
    if command is None:
        sys.exit("no browser is installed")
    began = process_time()
    matrix = large_matrix(1_000, 300)
    made = process_time()
    page = large_page(1_000, 300)
    rendered = process_time() - made - (made - began)
    cells = sum(len(row.cells) for row in matrix.rows)
    print(
        f"{cells:,} cells: {len(page) / 1e6:.2f} MB (limit 3), rendered in {rendered:.1f} s of CPU"
    )
    small = large_page(10, 10)
    with tempfile.TemporaryDirectory() as folder, browser(command) as tab:
        tab.show()
        tab.command("Performance.enable", timeDomain="threadTicks")
        paths = [Path(folder, name) for name in ("large.html", "small.html")]
        for path, text in zip(paths, (page, small), strict=True):
            path.write_text(text, encoding="ascii")
        pairs = [[opened(tab, path) for path in paths] for _ in range(ROUNDS)]
        wall = statistics.median(large for (large, _), _ in pairs)
        print(f"opening the large page: {wall:.2f} s (limit 2)")
        ratio = statistics.median(large / other for (_, large), (_, other) in pairs)
        print(f"opening: {ratio:.1f} x the CPU time of a page with 100 cells")
        for name, direction in (("down", "scrollTop"), ("right", "scrollLeft")):
            tab.open(paths[0])
            before = busy(tab)
            tab.value(SCROLL % direction)
            each = (busy(tab) - before) / STEPS * 1000
            print(f"scrolling {name}: {each:.1f} ms of CPU for a frame (limit 16)")


def opened(tab: Tab, path: Path) -> tuple[float, float]:
    """Open a page; return the seconds until it is drawn, and the CPU time of its main thread."""
    tab.command("Page.navigate", url="about:blank")
    before, began = busy(tab), perf_counter()
    tab.open(path)
    tab.value(DRAWN)
    return perf_counter() - began, busy(tab) - before


def busy(tab: Tab) -> float:
    metrics = tab.command("Performance.getMetrics")["metrics"]
    (seconds,) = (m["value"] for m in metrics if m["name"] == "TaskDuration")
    return float(seconds)


if __name__ == "__main__":
    main()
