"""JUnit XML, which GitLab and Jenkins show as tests: a file is a suite, a problem a test case.

Sources: "Unit test reports" of the GitLab Docs (a case is named by `classname` and `name`, cases of
one name count once, the text of a failure is shown); the schema of Jenkins' xUnit plugin.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from reconciler.access_file.document.problems import Problem, has_errors
from reconciler.printable import printable
from reconciler.report.file.problems import render_problems
from reconciler.report.text import plain


def render_problems_junit(
    path: str, problems: Sequence[Problem], lines: Mapping[str, Sequence[str]]
) -> str:
    """Render the problems of the file at `path`, in the order given; `lines` as `render_problems`.

    An error is a failure. A warning is a skipped case, as it fails nothing. A valid file has one
    case that passes.
    """
    suite = ET.Element("testsuite", name=printable(path))
    if not has_errors(problems):
        ET.SubElement(suite, "testcase", classname=printable(path), name="valid")
    seen: Counter[tuple[str, str]] = Counter()
    for problem in problems:
        name = f"{problem.rule} at {problem.place}"
        key = (problem.place.path, name)
        seen[key] += 1
        number = f" ({seen[key]})" if seen[key] > 1 else ""
        suite.append(_case(problem, f"{name}{number}", lines))
    severities = Counter(problem.severity for problem in problems)
    counts = {
        "tests": str(len(suite)),
        "failures": str(severities["error"]),
        "errors": "0",
        "skipped": str(severities["warning"]),
    }
    suite.attrib.update(counts)
    root = ET.Element("testsuites", counts, name="reconcile validate")
    root.append(suite)
    ET.indent(root)
    # In ASCII, the text is the same in whatever encoding it is written.
    text: bytes = ET.tostring(root, "us-ascii", xml_declaration=True)
    return text.decode() + "\n"


def _case(problem: Problem, name: str, lines: Mapping[str, Sequence[str]]) -> ET.Element:
    path = printable(problem.place.path)
    case = ET.Element(
        "testcase", classname=path, name=name, file=path, line=str(problem.place.line)
    )
    message = printable(problem.message)
    if problem.severity == "error":
        failure = ET.SubElement(case, "failure", type=problem.rule, message=message)
        failure.text = render_problems([problem], lines, plain)
    else:
        ET.SubElement(case, "skipped", type=problem.rule, message=message)
    return case
