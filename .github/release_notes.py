"""Print the notes of a release, its section of CHANGELOG.md: `python .github/release_notes.py TAG`.

They are shown outside of the tree, so a link to a file becomes one to the file at the tag.
"""

import os
import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def main() -> None:
    """Print the notes; ends with 1 if there are none."""
    tag = sys.argv[1]
    version = tag.removeprefix("v")
    notes = section(CHANGELOG.read_text(encoding="utf-8"), version)
    if not notes:
        sys.exit(f"CHANGELOG.md has nothing under '## {version} - DATE'")
    repository = f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
    print(with_addresses(notes, f"{repository}/blob/{tag}"))


def section(changelog: str, version: str) -> str:
    """What is under `## VERSION - DATE`, up to the version before; empty without it."""
    head = rf"^## {re.escape(version)} - [^\n]*\n"
    found = re.search(rf"{head}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def with_addresses(markdown: str, tree: str) -> str:
    """Replace links to files by links into the tree that has this address."""
    return re.sub(r"\]\((?![a-z]+:|#)", f"]({tree}/", markdown)


if __name__ == "__main__":
    main()
