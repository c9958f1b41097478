"""From grounded relations to statements with evidence and belief."""

from __future__ import annotations
