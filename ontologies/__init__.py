"""The schema, and the vocabularies that name things."""

from __future__ import annotations
