"""What every command shares: two consoles, a progress display, and errors in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["DONE", "FAILED_DOCUMENTS", "INTERRUPTED", "WRONG_USE", "err", "out", "progress"]

DONE, FAILED_DOCUMENTS, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
PATIENCE = 2.0

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


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
    def __init__(self) -> None:
        self._started = monotonic()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def update(self, task: str, done: int, total: int | None) -> None:
        if self._progress is None:
            if monotonic() - self._started < PATIENCE:
                return
            self._progress = _bars()
            self._progress.start()
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=total)
        self._progress.update(self._tasks[task], completed=done, total=total)

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def _bars() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "", style="dim")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
