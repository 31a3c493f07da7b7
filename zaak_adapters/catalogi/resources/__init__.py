"""The resources of the Catalogi API, one a file."""
