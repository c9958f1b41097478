"""Readers: from files of any known format to documents, one format a file.

>>> from kgbuild.readers import detect_format
>>> detect_format(b"<PubmedArticleSet>", "x.xml")
'pubmed-xml'
"""

from __future__ import annotations

from kgbuild.readers.detection import detect_format
from kgbuild.readers.reading import READERS, check_options, read_documents

__all__ = ["READERS", "check_options", "detect_format", "read_documents"]
