"""What makes the calls of a run that read repositories and set their policies."""

from enum import StrEnum


class Transport(StrEnum):
    """What makes these calls: boto3, or a path that does less work in each."""

    FAST = "fast"
    BOTO3 = "boto3"
