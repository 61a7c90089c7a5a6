"""Moments in UTC, to the second, as IAM and this tool write them."""

from datetime import datetime

_MIDNIGHT = "T00:00:00Z"


def written(moment: datetime) -> str:
    """Write a moment of UTC as a value of a condition: `2027-03-31T12:00:00Z`."""
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def shortest(moment: datetime) -> str:
    """Write a moment as people do: the day alone where it is the start of one."""
    return written(moment).removesuffix(_MIDNIGHT)
