"""The guarded connection to other hosts, and what stands on it."""
