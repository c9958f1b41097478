"""Measuring: predictions against gold corpora, by scorers that are pure functions."""
