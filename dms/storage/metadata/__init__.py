"""Records by collection and id."""
