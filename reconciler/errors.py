"""The family of errors that a user can meet.

Each is raised where its cause is known, carries its whole message, and is shown once, by
`reconciler.cli.main`. The exit codes are those of the table in README.
"""

from typing import ClassVar


class ReconcileError(Exception):
    """Something failed: AWS, the network, the disk (exit 1)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def one_line(self) -> str:
        """The message, with the hint behind it where there is one."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(ReconcileError):
    """The command was called in a way that makes no sense (exit 2)."""

    exit_code = 2


class InvalidError(ReconcileError):
    """A file that the command was given is invalid (exit 3)."""

    exit_code = 3


class RefusedError(ReconcileError):
    """Going on would be unsafe, or the user declined (exit 5)."""

    exit_code = 5
