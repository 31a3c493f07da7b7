"""File bodies by key, as streams."""
