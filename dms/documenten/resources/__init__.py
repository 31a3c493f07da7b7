"""The resources of the Documenten API, one a file."""
