"""What holds of every request to a registry."""

from collections.abc import Iterable
from datetime import datetime

from reconciler.policy.conditions import Condition, parse_condition
from reconciler.policy.moments import written


def known_of_requests(
    account: str, regions: Iterable[str], now: datetime | None = None
) -> Condition:
    """Give what holds of every request to a registry; where a moment is given, from then on.

    Sources: IAM User Guide, "AWS global condition context keys" (aws:ResourceAccount,
    aws:RequestedRegion, aws:CurrentTime, aws:EpochTime).
    """
    told = {"aws:ResourceAccount": [account] if account else [], "aws:RequestedRegion": [*regions]}
    named: dict[str, object] = {key: values for key, values in told.items() if values}
    block = {"StringEquals": named} if named else {}
    if now is not None:
        moment = written(now)
        block["DateGreaterThanEquals"] = {"aws:CurrentTime": moment, "aws:EpochTime": moment}
    return parse_condition(block, ())
