"""The other ZGW APIs, each a register on the same stores as the Documenten API."""
