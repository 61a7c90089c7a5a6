"""How a command ends where not all is well: the errors that a user can meet, and a result's status.

Each error is raised where its cause is known and carries its whole message. Neither message nor
hint names an option of the command line: `remedy` and `parameter` are what `reconciler.cli` makes
them from. The exit codes are those of the table in docs/command-line.md.
"""

from enum import Enum
from pathlib import Path
from typing import ClassVar

from reconciler.printable import quoted


class Remedy(Enum):
    """What helps against an error, as a hint; the command line has hints that name its options."""

    NAME_ACCESS_FILE = "name another access file"
    NAME_JOURNAL = "keep the journal in another file"
    NAME_EARLIER_VERSION = "say which earlier version"
    SELECT_FEWER = "select fewer repositories"
    SAVE_A_PART = "plan only these repositories, and save that plan"
    PLAN_AGAIN = "make a new plan and save it"
    SHOW_PLAN_SCHEMA = "compare it with the JSON schema of a plan"
    WRITE_ELSEWHERE = "write to another file"
    CHECK_AWS_SETTINGS = "check the profile, AWS_REGION, AWS_ENDPOINT_URL and the files in ~/.aws"


class ReconcileError(Exception):
    """Something failed: AWS, the network, the disk (exit 1)."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, hint: str | None = None, remedy: Remedy | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or (remedy and remedy.value)
        self.remedy = remedy

    @property
    def one_line(self) -> str:
        """The message, with the hint behind it where there is one."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(ReconcileError):
    """The command was called in a way that makes no sense (exit 2)."""

    exit_code = 2


class ArgumentError(UsageError):
    """A value of one parameter is wrong (exit 2).

    `parameter` is the parameter's name, `reason` what is wrong with `value`. Without a value, the
    parameter itself is out of place.
    """

    def __init__(
        self,
        parameter: str,
        value: str | None,
        reason: str,
        *,
        hint: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        self.parameter = parameter
        self.value = value
        self.reason = reason
        super().__init__(self.message_with(parameter), hint=hint, remedy=remedy)

    def message_with(self, name: str) -> str:
        """Return the message with another name of the parameter, such as an option's."""
        if self.value is None:
            return f"{self.reason}, without {name}"
        is_visible = bool(self.value) and self.value == self.value.strip()
        return f"{name} {self.value if is_visible else quoted(self.value)}: {self.reason}"


class InvalidError(ReconcileError):
    """A file that the command was given is invalid (exit 3)."""

    exit_code = 3


class RefusedError(ReconcileError):
    """Going on would be unsafe, or the user declined (exit 5)."""

    exit_code = 5


class OtherFileError(RefusedError):
    """A plan was made from another file than the one that it is applied with (exit 5).

    `made_from` is where that file may be found, None where it is not known.
    """

    def __init__(self, message: str, made_from: Path | None) -> None:
        name = "that file" if made_from is None else str(made_from)
        super().__init__(message, hint=f"apply it with {name}")
        self.made_from = made_from


class OtherRulesError(RefusedError):
    """A plan was made with rules files that it is not applied with (exit 5).

    `made_with` are their paths, as they were given then.
    """

    def __init__(self, message: str, made_with: tuple[str, ...]) -> None:
        super().__init__(message, hint=f"apply it with the rules files {', '.join(made_with)}")
        self.made_with = made_with


class Status(Enum):
    """One thing that a result amounts to; several can hold, and none means that all is well."""

    INVALID = "the file or a policy document is invalid"
    REFUSED = "a guard, a safety check or the user refused"
    PARTLY_APPLIED = "some changes were made, and others were not"
    FAILED = "something could not be read, planned or written"
    DIFFERS = "a difference, a denial, or unmanaged repositories where the file forbids them"
