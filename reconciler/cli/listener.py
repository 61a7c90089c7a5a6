"""The terminal as a workflow's listener: notes and progress bars on stderr."""

from contextlib import AbstractContextManager

from reconciler.cli.option_hints import as_argument
from reconciler.cli.terminal import note, progress_bar, show_error
from reconciler.printable import printable
from reconciler.report.text import unbroken
from reconciler.workflow.listener import (
    Event,
    JournalDamaged,
    JournalKept,
    JournalStarted,
    Progress,
)


class TerminalListener:
    """Shows events and progress; `profile` is for the command that undoes a run."""

    def __init__(self, profile: str | None = None) -> None:
        self._profile = profile

    def notify(self, event: Event) -> None:
        """Show an event as a note, a damaged journal as an error."""
        match event:
            case JournalDamaged():
                show_error(str(event), event.extent)
            case JournalStarted(path):
                note(f"journal: {unbroken(printable(str(path)))}")
            case JournalKept(path):
                profile = f"--profile {as_argument(self._profile)} " if self._profile else ""
                note(f"to undo: {unbroken(f'reconcile rollback {profile}{as_argument(path)}')}")
            case _:
                note(printable(str(event)))

    def progress(self, task: str) -> AbstractContextManager[Progress]:
        """Show a bar where the task takes a while."""
        return progress_bar(task)
