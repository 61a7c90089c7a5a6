"""What holds of every request to a registry."""

from collections.abc import Iterable
from datetime import date

from reconciler.policy.conditions import Condition, parse_condition


def known_of_requests(account: str, regions: Iterable[str], today: date | None = None) -> Condition:
    """Give what holds of every request to a registry; where a day is given, from that day on.

    Sources: IAM User Guide, "AWS global condition context keys" (aws:ResourceAccount,
    aws:RequestedRegion, aws:CurrentTime, aws:EpochTime).
    """
    told = {"aws:ResourceAccount": [account] if account else [], "aws:RequestedRegion": [*regions]}
    named: dict[str, object] = {key: values for key, values in told.items() if values}
    block = {"StringEquals": named} if named else {}
    if today is not None:
        moment = today.isoformat()
        block["DateGreaterThanEquals"] = {"aws:CurrentTime": moment, "aws:EpochTime": moment}
    return parse_condition(block, ())
