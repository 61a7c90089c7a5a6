"""Progress bars: one line for each task, on a terminal and where work takes a while.

One thread draws them, and nothing else calls `rich`, whose locks could block a signal handler that
prints. That thread prints the messages that come meanwhile, too.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.terminal import (
    can_be_drawn_on,
    encoding_of,
    hold_messages,
    is_quiet,
    release_messages,
    silence,
    take_messages,
)

if TYPE_CHECKING:
    from rich.progress import Progress as Table

    from reconciler.workflow.listener import Progress

_DELAY = 1.0
"""Seconds of work before the bars show."""

_PERIOD = 0.2
"""Seconds between two drawings."""

_OTHER_COLUMNS = 45
"""The width of what a line shows beside its label, with the shortest bar."""


class _Bar:
    """One task: its thread says how far it is, and the thread that draws reads that."""

    def __init__(self, label: str, is_held_back: Callable[[], bool]) -> None:
        self.label = label
        self.is_held_back = is_held_back
        self.done = 0
        self.total: int | None = None
        self.ended = False

    def update(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class _Display:
    """The bars that are drawn together, until no task is left; the next one begins anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bars: list[_Bar] = []
        self._all_ended = Event()
        self._thread: Thread | None = None

    def begin(self, bar: _Bar) -> None:
        with self._lock:
            self._bars.append(bar)
            if self._thread is None:
                thread = Thread(target=_draw, args=(self._bars, self._all_ended), daemon=True)
                with suppress(RuntimeError):  # no thread is available: no bars
                    thread.start()
                    self._thread = thread

    def end(self, bar: _Bar) -> None:
        bar.ended = True
        with self._lock:
            if not all(one.ended for one in self._bars):
                return
            self._all_ended.set()
            thread = self._thread
            self._bars, self._all_ended, self._thread = [], Event(), None
        if thread is not None:
            thread.join()


_display = _Display()


@contextmanager
def progress_bar(label: str, is_held_back: Callable[[], bool]) -> Iterator["Progress"]:
    """Show a task's progress on stderr; yields a function that updates it.

    Only on a terminal that can erase it, unless quiet. Tasks at the same time have a line each,
    which is removed when the task ends. The work goes on where the terminal is gone.
    """
    if is_quiet() or not can_be_drawn_on(sys.stderr):
        yield lambda _done, _total: None
        return
    bar = _Bar(label, is_held_back)
    _display.begin(bar)
    try:
        yield bar.update
    finally:
        _display.end(bar)


def _draw(bars: Sequence[_Bar], all_ended: Event) -> None:
    """Draw the bars until all tasks have ended, if that takes a while."""
    if all_ended.wait(_DELAY):
        return
    hold_messages()
    try:
        # Rich takes the encoding of its file, which for Python is UTF-8 in the locale C, too.
        with open(
            sys.stderr.fileno(),
            "w",
            encoding=encoding_of(sys.stderr),
            errors="replace",  # as wide as what it replaces
            closefd=False,
        ) as screen:
            _draw_on(screen, bars, all_ended)
    except OSError:
        silence(sys.stderr)
    finally:
        release_messages()


def _draw_on(screen: TextIO, bars: Sequence[_Bar], all_ended: Event) -> None:
    from rich.console import Console  # noqa: PLC0415 - costs; most runs show no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Table  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    if all_ended.is_set():  # the imports took a while
        return
    with Table(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(table_column=Column(no_wrap=True, justify="right")),
        TextColumn("{task.fields[rate]}", justify="right"),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[note]}", style="yellow"),
        # Rich takes an empty FORCE_COLOR for no terminal, and leaves a blank line there.
        console=Console(file=screen, force_terminal=True, force_interactive=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    ) as table:
        while not all_ended.is_set():
            for message in take_messages():
                encoded = message.encode(screen.encoding, "backslashreplace")
                table.console.out(encoded.decode(screen.encoding), highlight=False)
            _update(table, bars)
            table.refresh()
            all_ended.wait(_PERIOD)


def _update(table: "Table", bars: Sequence[_Bar]) -> None:
    for bar in bars[len(table.tasks) :]:
        label = _shortened(bar.label, table.console.width - _OTHER_COLUMNS)
        table.add_task(label, completed=bar.done, total=bar.total, rate="", note="")
    room = table.console.height - 1  # what is higher than the screen can't be erased
    for bar, task in zip(bars, table.tasks, strict=False):
        table.update(
            task.id,
            completed=bar.done,
            total=bar.total,
            rate="" if task.speed is None else f"{task.speed:6.1f}/s",
            note="held back by AWS" if bar.is_held_back() else "",
            visible=not bar.ended and room > 0,
        )
        room -= task.visible


def _shortened(label: str, width: int) -> str:
    """Leave out the first words of a label that is too wide; the last one says where it is."""
    while len(label) > width and " " in label:
        label = label.partition(" ")[2]
    return label
