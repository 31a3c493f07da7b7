"""Many files to a Documenten API, each exactly once: from a manifest, or from a folder that is watched."""
