"""Documenten API: documents with versions, locks, and content that arrives in parts."""
