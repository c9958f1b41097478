"""The exceptions that kgbuild raises on purpose; each message says what to do next."""

from __future__ import annotations

from functools import partial
from typing import Any

__all__ = [
    "ConfigError",
    "InputError",
    "KgbuildError",
    "MissingExtraError",
    "StoreError",
    "VocabularyError",
    "WorkspaceError",
]


class KgbuildError(Exception):
    """Base of all errors that kgbuild raises on purpose."""


class InputError(KgbuildError):
    """An input that can't be used at all: absent, unreadable, of no known format."""


class ConfigError(KgbuildError):
    """A configuration or schema that does not say what it must."""


class VocabularyError(KgbuildError):
    """A vocabulary that can't be fetched, verified or parsed."""


class WorkspaceError(KgbuildError):
    """A workspace folder that can't be written, or that another version made."""


class StoreError(KgbuildError):
    """A graph store that can't be opened, loaded or queried."""


class MissingExtraError(KgbuildError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs an extra: pip install 'kgbuild[{extra}]'")
        self.extra = extra
        self.needed_for = needed_for

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, keywords included, for the way from worker to parent."""
        return partial(type(self), self.extra, needed_for=self.needed_for), ()
