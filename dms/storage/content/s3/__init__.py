"""Content in an S3 store: `store` is what the port promises, the rest how."""
