"""What a result amounts to, for whoever has to act on it: the command line makes its exit code."""

from enum import Enum


class Status(Enum):
    """One thing that a result amounts to; several can hold, and none means that all is well."""

    INVALID = "the file or a policy document is invalid"
    REFUSED = "a guard, a safety check or the user refused"
    PARTLY_APPLIED = "some changes were made, and others were not"
    FAILED = "something could not be read, planned or written"
    DIFFERS = "a difference, a denial, or unmanaged repositories where the file forbids them"
