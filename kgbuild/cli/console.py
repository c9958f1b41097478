"""What every command shares: two consoles, tables, and a progress display."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID
    from rich.table import Table
    from rich.text import Text

__all__ = [
    "DONE",
    "FAILED_DOCUMENTS",
    "INTERRUPTED",
    "WRONG_USE",
    "clock",
    "err",
    "grid",
    "one_line",
    "out",
    "print_indented",
    "print_table",
    "progress",
    "table",
]

DONE, FAILED_DOCUMENTS, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
PATIENCE = 2.0

# Wide enough that tables written to a file or a pipe lose nothing and lines stay whole.
_UNBOUNDED = 10_000

# ids such as kgb.doc:a: are no emojis.
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
err = Console(
    stderr=True, highlight=False, emoji=False, width=None if sys.stderr.isatty() else _UNBOUNDED
)


def table(*columns: str) -> Table:
    """Return a table with a line under its header and none around it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(*columns, box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def grid() -> Table:
    """Return a table of names and what they stand for, to which columns can be added."""
    from rich.table import Table

    grid = Table(show_header=False, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="bold", no_wrap=True)
    return grid


def one_line(text: str) -> Text:
    """Return a cell that is cut at the terminal's edge, with an ellipsis, and never wrapped."""
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")


def print_table(table: Table) -> None:
    """Print a table; a pipe gets its lines without the blanks that fill them."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as printed:
        out.print(table)
    lines = (line.rstrip() for line in printed.get().splitlines())
    out.file.write("".join(f"{line}\n" for line in lines))


def print_indented(text: RenderableType) -> None:
    """Print a paragraph two columns in; a pipe gets it as one line."""
    from rich.padding import Padding

    out.print(Padding(text, (0, 0, 0, 2), expand=False))


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Give a callback that shows tasks with rates and time left, once they take two seconds.

    Nothing is shown where standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda task, done, total: None
        return
    display = _Display()
    try:
        yield display.update
    finally:
        display.stop()


class _Display:
    """Bars that a timer makes visible, so that one long step without news shows too."""

    def __init__(self) -> None:
        self._progress = _bars()
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()
        self._is_over = False
        self._timer = Timer(PATIENCE, self._start)
        self._timer.daemon = True
        self._timer.start()

    def _start(self) -> None:
        with self._lock:
            if not self._is_over:
                self._progress.start()

    def update(self, task: str, done: int, total: int | None) -> None:
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=total)
        self._progress.update(self._tasks[task], completed=done, total=total)

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._progress.live.is_started:
                self._progress.stop()


def _bars() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
    )
    from rich.text import Text

    class Pace(ProgressColumn):
        """Rate and time left over the whole task: rich forgets its own as an estimate changes."""

        def render(self, task: Task) -> Text:
            rate = task.completed / task.elapsed if task.elapsed else 0.0
            shown = f"{rate:,.0f}/s" if rate else ""
            if rate and task.total is not None:
                shown += f", {clock((task.total - task.completed) / rate)} left"
            return Text(shown, style="dim")

    class Elapsed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(clock(task.elapsed or 0.0))

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Elapsed(),
        Pace(),
        console=err,
        transient=True,
    )


def clock(seconds: float) -> str:
    """Return a time as ``1:05`` or ``2:01:05``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
