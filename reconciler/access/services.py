"""Service principals of the file: of the right partition, and no near miss of a known one."""

from reconciler.access.accounts import Surroundings
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import shown, suggestion
from reconciler.policy.services import (
    KNOWN_SERVICES,
    in_any_partition,
    meant_service,
    partition_of_service,
)


def check_service(node: ScalarNode, around: Surroundings) -> None:
    """Report a service of another partition, and warn of one that is most likely misspelt."""
    name, findings = node.text, around.findings
    partition = partition_of_service(name)
    if partition not in (None, around.partition):
        message = (
            f"{shown(name)} is of the partition {partition}, the registry of {around.partition}"
        )
        hint = f"write {in_any_partition(name)}"
        findings.error("wrong-partition", message, node.place, hint=hint)
    elif findings.may_compare(len(KNOWN_SERVICES)):
        meant = meant_service(name, around.partition)
        if meant:
            message = f"{shown(name)} is not a known service"
            findings.warning("unknown-service", message, node.place, hint=suggestion(meant))
