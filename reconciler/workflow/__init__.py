"""What each command does, from plain inputs to a result that is data: also the Python API.

Nothing here prints, asks, handles signals or ends the process. Progress and notes go to a
`Listener`, by default the logger `reconciler`. Each name is loaded at its first use, so that a
program which only validates a file loads nothing of AWS.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.guards import Allowances as Allowances
    from reconciler.model.status import Status as Status
    from reconciler.workflow.adopter import Adopted as Adopted
    from reconciler.workflow.adopter import AdoptionStyle as AdoptionStyle
    from reconciler.workflow.adopter import adopt as adopt
    from reconciler.workflow.adopter import adopt_policies as adopt_policies
    from reconciler.workflow.adopter import read_account_names as read_account_names
    from reconciler.workflow.applier import ApplyResult as ApplyResult
    from reconciler.workflow.applier import PreparedApply as PreparedApply
    from reconciler.workflow.applier import apply as apply
    from reconciler.workflow.applier import prepare_apply as prepare_apply
    from reconciler.workflow.listener import Event as Event
    from reconciler.workflow.listener import Listener as Listener
    from reconciler.workflow.listener import LogListener as LogListener
    from reconciler.workflow.listener import Progress as Progress
    from reconciler.workflow.planner import ComputedPlan as ComputedPlan
    from reconciler.workflow.planner import PlanResult as PlanResult
    from reconciler.workflow.planner import drift as drift
    from reconciler.workflow.planner import plan as plan
    from reconciler.workflow.policies import caller_policy as caller_policy
    from reconciler.workflow.policies import compare as compare
    from reconciler.workflow.policies import compile_policies as compile_policies
    from reconciler.workflow.rollback import prepare_rollback as prepare_rollback
    from reconciler.workflow.saved_plans import StoredPlan as StoredPlan
    from reconciler.workflow.saved_plans import read_plan as read_plan
    from reconciler.workflow.source import AccessSource as AccessSource
    from reconciler.workflow.source import InvalidFileError as InvalidFileError
    from reconciler.workflow.source import load as load
    from reconciler.workflow.source import validate as validate
    from reconciler.workflow.waiting import DEFAULT_WAIT as DEFAULT_WAIT

_NAMES = {
    "reconciler.model.guards": ("Allowances",),
    "reconciler.model.status": ("Status",),
    "reconciler.workflow.adopter": (
        "Adopted",
        "AdoptionStyle",
        "adopt",
        "adopt_policies",
        "read_account_names",
    ),
    "reconciler.workflow.applier": (
        "ApplyResult",
        "PreparedApply",
        "apply",
        "prepare_apply",
    ),
    "reconciler.workflow.listener": ("Event", "Listener", "LogListener", "Progress"),
    "reconciler.workflow.planner": ("ComputedPlan", "PlanResult", "drift", "plan"),
    "reconciler.workflow.policies": ("caller_policy", "compare", "compile_policies"),
    "reconciler.workflow.rollback": ("prepare_rollback",),
    "reconciler.workflow.saved_plans": ("StoredPlan", "read_plan"),
    "reconciler.workflow.source": ("AccessSource", "InvalidFileError", "load", "validate"),
    "reconciler.workflow.waiting": ("DEFAULT_WAIT",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 - the table is the list


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
