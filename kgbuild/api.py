"""What a notebook user types first: build and open."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

from kgbuild.components import Progress
from kgbuild.config import Config, load_config
from kgbuild.graph import Graph
from kgbuild.intake import Input, from_documents, from_inputs, size_of
from kgbuild.layout import configuration_file
from kgbuild.pipeline import BuildReport, build_workspace
from kgbuild.records import AnnotatedDocument, Document

__all__ = ["build", "build_into", "config_for", "open_graph"]

PathInput = str | PathLike[str]


def build(
    inputs: PathInput | Sequence[PathInput] | None = None,
    *,
    texts: Iterable[str] | None = None,
    documents: Iterable[Document | AnnotatedDocument] | None = None,
    out: PathInput | None = None,
    config: Config | PathInput | None = None,
    progress: Progress | None = None,
) -> Graph:
    """Build a graph and open it.

    Documents that fail don't stop the others: ``tables/failures.parquet`` of the folder lists them.

    >>> import kgbuild
    >>> graph = kgbuild.build(texts=["Metformin is used to treat type 2 diabetes."])
    >>> graph.statements.query("predicate == 'treats'")[["subject", "object"]].values.tolist()
    [['MESH:D008687', 'MONDO:0005148']]

    Args:
        inputs: files, folders or globs of any format that kgbuild reads.
        texts: plain texts; each is a document.
        documents: documents made in Python, with annotations or without.
        out: the output folder, new or from an earlier build, to which is added; without it a
            temporary one that goes when the graph is no longer referred to.
        config: a ``Config`` or a YAML file; without it that of the earlier build, else the
            defaults, which need neither network nor GPU.
        progress: called with a task's name, how much is done, and of how much where known.

    Raises:
        ValueError: nothing to build from.
        KgbuildError: see ``build_into``.
    """
    if inputs is None and texts is None and documents is None:
        raise ValueError("give inputs (files or folders), texts or documents")
    if isinstance(texts, str):
        raise ValueError("texts must be several: give texts=[text]")
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="kgbuild-"))
    names = [inputs] if isinstance(inputs, (str, PathLike)) else list(inputs or ())
    memory = [*(texts or ()), *(documents or ())]
    try:
        build_into(folder, names, memory=memory, config=config, progress=progress)
        graph = Graph.open(folder)
    except BaseException:
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if out is None:
        weakref.finalize(graph, shutil.rmtree, folder, ignore_errors=True)
    return graph


def build_into(
    out: PathInput,
    inputs: Sequence[PathInput] = (),
    *,
    memory: Iterable[str | Document | AnnotatedDocument] = (),
    config: Config | PathInput | None = None,
    force: Sequence[str] = (),
    progress: Progress | None = None,
) -> BuildReport:
    """Make the folder ``out`` hold the graph of what it holds already, inputs and documents.

    Raises:
        InputError: an input doesn't exist.
        ConfigError: the configuration or schema is wrong.
        VocabularyError: a vocabulary is unknown or can't be had.
        WorkspaceError: ``out`` can't be written, or another build is writing it.
        MissingExtraError: a configured component needs an extra.
    """
    settings = config if isinstance(config, Config) else config_for(out, config)
    names = [str(name) for name in inputs]

    def sources() -> Iterable[Input]:
        if names:
            yield from from_inputs(names, settings.reading)
        if memory:
            yield from from_documents(memory)

    return build_workspace(
        sources(), Path(out), settings, force=force, progress=progress, input_bytes=size_of(names)
    )


def config_for(out: PathInput, config: PathInput | None = None) -> Config:
    """Return the configuration that a build into ``out`` takes.

    That is the one in the file ``config``; without it the one that ``out`` was built with; for a
    new folder the defaults.

    Raises:
        ConfigError: the configuration is wrong.
    """
    kept = configuration_file(Path(out))
    return load_config(Path(config) if config else kept if kept.is_file() else None)


def open_graph(folder: PathInput, **login: str) -> Graph:
    """Open the output folder of a build, or a Neo4j that a graph was loaded into.

    Args:
        folder: the folder, or an address such as ``neo4j://localhost``.
        login: for a server: user, password, database; see ``kgbuild.neo4j_graph.open_neo4j``.

    Raises:
        InputError: ``folder`` holds no graph.
        StoreError: the server can't be reached, or refuses.
    """
    if isinstance(folder, str) and re.match(r"(neo4j|bolt)(\+s|\+ssc)?://", folder):
        from kgbuild.neo4j_graph import open_neo4j

        return open_neo4j(folder, **login)
    return Graph.open(Path(folder))
