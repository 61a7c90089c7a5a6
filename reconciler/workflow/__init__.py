"""What each command does, from plain inputs to a result that is data: also the Python API.

Nothing here prints, asks, handles signals or ends the process. Progress and notes go to a
`Listener`, by default the logger `reconciler`. boto3 is loaded with the first connection.
"""

from reconciler.model.guards import Allowances
from reconciler.workflow.apply import (
    DEFAULT_WAIT,
    ApplyResult,
    PreparedApply,
    apply,
    prepare_apply,
)
from reconciler.workflow.listener import Event, Listener, LogListener, Progress
from reconciler.workflow.plan import PlanResult, drift, plan
from reconciler.workflow.plan_file import StoredPlan, read_plan, write_plan_file
from reconciler.workflow.policies import caller_policy, compare, compile_policies
from reconciler.workflow.rollback import prepare_rollback
from reconciler.workflow.source import AccessSource, InvalidFileError, load, validate

__all__ = [
    "DEFAULT_WAIT",
    "AccessSource",
    "Allowances",
    "ApplyResult",
    "Event",
    "InvalidFileError",
    "Listener",
    "LogListener",
    "PlanResult",
    "PreparedApply",
    "Progress",
    "StoredPlan",
    "apply",
    "caller_policy",
    "compare",
    "compile_policies",
    "drift",
    "load",
    "plan",
    "prepare_apply",
    "prepare_rollback",
    "read_plan",
    "validate",
    "write_plan_file",
]
