"""Print docs/images/pull-request.svg, the comment of a pull request on GitHub: `make docs`.

The registry is embedded, and its policy was edited by hand. The pull request gives a partner
access. The comment is HTML inside of the picture.
"""

import re
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from docs.terminal import access_file, edited_by_hand
from tests.cli.conftest import sandbox_environment
from tests.cli.git import new_repository
from tests.guide import shell

WIDTH, HEIGHT = 960, 500
EDIT = {
    'workloads: "444455556666"': 'workloads: "444455556666", partner: "777788889999"',
    "principals:\n": "principals:\n  puller: {role: puller, account: partner}\n",
    "runtime: pull": "runtime: pull, puller: pull",
}
"""What the pull request changes in the file."""

COMMAND = "reconcile plan --base main --write markdown=plan.md"

PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<foreignObject width="{width}" height="{height}">
<div xmlns="http://www.w3.org/1999/xhtml" class="comment">
<style>
.comment {{
  box-sizing: border-box; border: 1px solid #d1d9e0; border-radius: 6px; background: #fff;
  color: #1f2328; font: 14px/21px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial,
  sans-serif;
}}
.author {{
  padding: 8px 16px; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0;
  background: #f6f8fa; color: #59636e;
}}
.author b {{ color: #1f2328; font-weight: 600 }}
.author i {{
  border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font: 500 12px/18px inherit;
  font-style: normal;
}}
.body {{ padding: 16px }}
.body > * {{ margin: 0 0 16px }}
.body > :last-child {{ margin: 0 }}
h3 {{ font: 600 17.5px/22px inherit }}
h4 {{ font: 600 14px/18px inherit }}
ul {{ padding-left: 28px }}
code {{
  padding: 2px 5px; border-radius: 6px; background: #818b981f;
  font: 12px ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}}
table {{ border-collapse: collapse }}
th, td {{ padding: 6px 13px; border: 1px solid #d1d9e0; text-align: left; white-space: nowrap }}
th {{ font-weight: 600 }}
tr:nth-child(2n) td {{ background: #f6f8fa }}
</style>
<div class="author"><b>github-actions</b> <i>bot</i> commented</div>
<div class="body">
{body}</div>
</div>
</foreignObject>
</svg>
"""


def main() -> None:
    print(picture(comment()), end="")


def comment() -> str:
    """The Markdown that reconcile writes for the pull request."""
    with edited_by_hand() as ecr, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "ecr_access.yaml"
        file.write_text(access_file())
        new_repository(folder)
        for old, new in EDIT.items():
            file.write_text(file.read_text().replace(old, new))
        shell(COMMAND, folder, sandbox_environment(ecr))
        return (folder / "plan.md").read_text(encoding="utf-8")


def picture(markdown: str) -> str:
    body = MarkdownIt("commonmark").enable("table").render(markdown)
    folded = re.sub(r"(</summary>).*(</details>)", r"\1\2", body, flags=re.DOTALL)
    return PICTURE.format(width=WIDTH, height=HEIGHT, body=folded)


if __name__ == "__main__":
    main()
