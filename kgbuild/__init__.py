"""Text in, a knowledge graph with evidence out."""

from __future__ import annotations

__version__ = "0.1.0"
