"""What each command does, from plain inputs to a result that is data: also the Python API.

Nothing here prints, asks, handles signals or ends the process. Progress and notes go to a
`Listener`, by default the logger `reconciler`. Each name is loaded at its first use, so that a
program which only validates a file loads nothing of AWS.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.access_file.rules_file import RulesFile as RulesFile
    from reconciler.errors import Status as Status
    from reconciler.model.guards import Allowances as Allowances
    from reconciler.model.transport import Transport as Transport
    from reconciler.workflow.adopter import Adopted as Adopted
    from reconciler.workflow.adopter import AdoptionStyle as AdoptionStyle
    from reconciler.workflow.adopter import adopt as adopt
    from reconciler.workflow.adopter import adopt_policies as adopt_policies
    from reconciler.workflow.adopter import read_account_names as read_account_names
    from reconciler.workflow.file.revisions import EarlierVersion as EarlierVersion
    from reconciler.workflow.file.revisions import at_revision as at_revision
    from reconciler.workflow.file.source import AccessSource as AccessSource
    from reconciler.workflow.file.source import InvalidFileError as InvalidFileError
    from reconciler.workflow.file.source import load as load
    from reconciler.workflow.file.source import validate as validate
    from reconciler.workflow.handover import Handover as Handover
    from reconciler.workflow.handover import hand_over as hand_over
    from reconciler.workflow.listener import Event as Event
    from reconciler.workflow.listener import Listener as Listener
    from reconciler.workflow.listener import LogListener as LogListener
    from reconciler.workflow.listener import Progress as Progress
    from reconciler.workflow.plans.planner import ComputedPlan as ComputedPlan
    from reconciler.workflow.plans.planner import PlanResult as PlanResult
    from reconciler.workflow.plans.planner import drift as drift
    from reconciler.workflow.plans.planner import plan as plan
    from reconciler.workflow.plans.saved_plans import StoredPlan as StoredPlan
    from reconciler.workflow.plans.saved_plans import read_plan as read_plan
    from reconciler.workflow.policies import caller_policies as caller_policies
    from reconciler.workflow.policies import compare as compare
    from reconciler.workflow.policies import compile_policies as compile_policies
    from reconciler.workflow.questions.answers import AccessOverview as AccessOverview
    from reconciler.workflow.questions.answers import Answers as Answers
    from reconciler.workflow.questions.answers import MatrixResult as MatrixResult
    from reconciler.workflow.questions.answers import access_matrix as access_matrix
    from reconciler.workflow.questions.answers import access_of as access_of
    from reconciler.workflow.questions.answers import access_overview as access_overview
    from reconciler.workflow.questions.answers import can as can
    from reconciler.workflow.questions.answers import explain as explain
    from reconciler.workflow.questions.answers import who_can as who_can
    from reconciler.workflow.questions.asked_policies import PolicyFinder as PolicyFinder
    from reconciler.workflow.questions.asked_policies import from_file as from_file
    from reconciler.workflow.questions.asked_policies import from_registry as from_registry
    from reconciler.workflow.questions.consumer import ConsumerPolicies as ConsumerPolicies
    from reconciler.workflow.questions.consumer import consumer_policies as consumer_policies
    from reconciler.workflow.writing.applier import ApplyResult as ApplyResult
    from reconciler.workflow.writing.applier import PreparedApply as PreparedApply
    from reconciler.workflow.writing.applier import apply as apply
    from reconciler.workflow.writing.applier import prepare_apply as prepare_apply
    from reconciler.workflow.writing.rollback import prepare_rollback as prepare_rollback

DEFAULT_WAIT = 20.0
"""Seconds that an apply or a rollback waits for new roles, where its caller does not say."""

_NAMES = {
    "reconciler.access_file.rules_file": ("RulesFile",),
    "reconciler.errors": ("Status",),
    "reconciler.model.guards": ("Allowances",),
    "reconciler.model.transport": ("Transport",),
    "reconciler.workflow.adopter": (
        "Adopted",
        "AdoptionStyle",
        "adopt",
        "adopt_policies",
        "read_account_names",
    ),
    "reconciler.workflow.file.revisions": ("EarlierVersion", "at_revision"),
    "reconciler.workflow.file.source": ("AccessSource", "InvalidFileError", "load", "validate"),
    "reconciler.workflow.handover": ("Handover", "hand_over"),
    "reconciler.workflow.listener": ("Event", "Listener", "LogListener", "Progress"),
    "reconciler.workflow.plans.planner": ("ComputedPlan", "PlanResult", "drift", "plan"),
    "reconciler.workflow.plans.saved_plans": ("StoredPlan", "read_plan"),
    "reconciler.workflow.policies": ("caller_policies", "compare", "compile_policies"),
    "reconciler.workflow.questions.answers": (
        "AccessOverview",
        "Answers",
        "MatrixResult",
        "access_matrix",
        "access_of",
        "access_overview",
        "can",
        "explain",
        "who_can",
    ),
    "reconciler.workflow.questions.asked_policies": ("PolicyFinder", "from_file", "from_registry"),
    "reconciler.workflow.questions.consumer": ("ConsumerPolicies", "consumer_policies"),
    "reconciler.workflow.writing.applier": (
        "ApplyResult",
        "PreparedApply",
        "apply",
        "prepare_apply",
    ),
    "reconciler.workflow.writing.rollback": ("prepare_rollback",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted({*_MODULE_OF, "DEFAULT_WAIT"})  # noqa: PLE0605 - the table is the list


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
