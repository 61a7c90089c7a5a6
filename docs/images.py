"""Take the pictures of docs/images: the live matrix of an example that was edited by hand."""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from reconciler import workflow
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope
from reconciler.report.html.matrix_page import render_matrix_html
from reconciler.workflow.questions.asked_policies import live_policies
from tests.browser import browser, found

IMAGES = Path(__file__).parent / "images"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
VIEW = """
  document.querySelector("#matrix .differs").click();
  document.getElementById("view").scrollLeft = 0;
  document.querySelector(".controls").scrollIntoView();
"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    command = found()
    if command is None:
        sys.exit("no browser is installed")
    content = (IMAGES / "ecr_access.yaml").read_bytes()
    source = workflow.load(content, "ecr_access.yaml", now=NOW)
    wanted = workflow.compile_policies(source)
    live = edited({name: policy for name, policy in wanted.items() if "*" not in name})
    registry = LiveRegistry(
        RegistryScope("111122223333", "us-west-2"),
        tuple(sorted(live)),
        {name: LiveRepository(name, json.dumps(policy)) for name, policy in live.items()},
    )
    policies = live_policies([registry])
    seen = workflow.access_overview(source, live=lambda _source, _globs: [policies])
    names = seen.result.display_names
    page = render_matrix_html(seen.result.matrix, names, seen.origin, seen.risks, seen.desired)
    with tempfile.TemporaryDirectory() as folder, browser(command) as tab:
        path = Path(folder, "page.html")
        path.write_text(page, encoding="ascii")
        tab.show(width=1360, height=620)
        tab.open(path)
        tab.value(VIEW)
        tab.value(DRAWN)
        tab.screenshot(IMAGES / "matrix.png")


def edited(live: dict[str, dict[str, list[dict[str, object]]]]) -> dict[str, object]:
    """Let the runtime push to one repository, and a role of another account pull from one."""
    for name, role, action in (
        ("payments/api", "444455556666:role/runtime", "ecr:PutImage"),
        ("search/query", "999900001111:role/puller", "ecr:BatchGetImage"),
    ):
        statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{role}"}}
        live[name]["Statement"].append({**statement, "Action": [action]})
    live["search/indexer"]["Statement"].pop()
    return dict(live)


if __name__ == "__main__":
    main()
