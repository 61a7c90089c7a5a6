"""The golden folder `tests/problems`: a file's problems in the formats that CI systems read."""

from functools import cache
from pathlib import Path

from reconciler import __version__
from reconciler.access_file.load import Loaded
from reconciler.report.file.junit import render_problems_junit
from reconciler.report.file.sarif import render_problems_sarif
from reconciler.report.github import render_problems_github
from tests.access_file.files import load_access
from tests.golden import NOW

FOLDER = Path(__file__).parent / "problems"


@cache
def checked_file() -> Loaded:
    return load_access((FOLDER / "ecr_access.yaml").read_bytes(), "ecr_access.yaml", now=NOW)


def expected_problems() -> dict[str, str]:
    """Work out every output file, by name; no version, or every release would change it."""
    checked = checked_file()
    sarif = render_problems_sarif(checked.problems, checked.lines)
    return {
        "problems.github.txt": render_problems_github(checked.problems),
        "problems.junit.xml": render_problems_junit(
            "ecr_access.yaml", checked.problems, checked.lines
        ),
        "problems.sarif": sarif.replace(f'"{__version__}"', '"0"'),
    }
