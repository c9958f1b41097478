"""Writers: annotated documents back to the formats that they come in, one format a file."""

from __future__ import annotations

from kgbuild.writers.report import WriteReport
from kgbuild.writers.writing import WRITERS, write_documents

__all__ = ["WRITERS", "WriteReport", "write_documents"]
