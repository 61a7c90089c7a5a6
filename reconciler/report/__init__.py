"""Results in, strings out: one function for each result and format.

Most runs need only text and problems. The names below are the other formats of a run, each loaded
at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.report.file.junit import render_problems_junit as render_problems_junit
    from reconciler.report.file.sarif import render_problems_sarif as render_problems_sarif
    from reconciler.report.html.plan_page import render_drift_html as render_drift_html
    from reconciler.report.html.plan_page import render_plan_html as render_plan_html
    from reconciler.report.plans.plan_github import render_drift_github as render_drift_github
    from reconciler.report.plans.plan_github import render_plan_github as render_plan_github
    from reconciler.report.plans.plan_json import render_drift_json as render_drift_json
    from reconciler.report.plans.plan_json import render_outcomes_json as render_outcomes_json
    from reconciler.report.plans.plan_json import render_plan_json as render_plan_json
    from reconciler.report.plans.plan_markdown import render_drift_markdown as render_drift_markdown
    from reconciler.report.plans.plan_markdown import (
        render_outcomes_markdown as render_outcomes_markdown,
    )
    from reconciler.report.plans.plan_markdown import render_plan_markdown as render_plan_markdown
    from reconciler.report.plans.policy_diff import diff_of_change as diff_of_change

_MODULES = {
    "render_problems_junit": "file.junit",
    "render_problems_sarif": "file.sarif",
    "render_drift_html": "html.plan_page",
    "render_plan_html": "html.plan_page",
    "render_drift_github": "plans.plan_github",
    "render_plan_github": "plans.plan_github",
    "render_drift_json": "plans.plan_json",
    "render_outcomes_json": "plans.plan_json",
    "render_plan_json": "plans.plan_json",
    "render_drift_markdown": "plans.plan_markdown",
    "render_outcomes_markdown": "plans.plan_markdown",
    "render_plan_markdown": "plans.plan_markdown",
    "diff_of_change": "plans.policy_diff",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_MODULES)
