"""Who asks, and what that caller may see and do."""
