"""Stores and file formats that the graph is loaded into or exported to."""
