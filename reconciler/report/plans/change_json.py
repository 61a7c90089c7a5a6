"""One change of a plan as JSON, with its access as grants, and its cause where it has one."""

from reconciler.model.access import DisplayNames
from reconciler.plan.saved.plan_format import ChangeJson, change_json
from reconciler.report.plans.access_json import caused_grants_json, grants_json
from reconciler.report.plans.plan_view import ChangeView


def change_view_json(view: ChangeView, names: DisplayNames) -> ChangeJson:
    """Return a change as it is in a plan's JSON; its text is not escaped."""
    change, causes = view.change, view.causes
    grants = (
        grants_json(change.access, names)
        if causes is None
        else caused_grants_json(causes.access, names)
    )
    risks = (risk.name for risk in view.risks)
    document = change_json(change, grants, risks, names.registries)
    if causes is not None:
        document["cause"] = causes.whole
    return document
