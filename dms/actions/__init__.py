"""What the service does: each act in a file of its own, knowing stores and rules but no HTTP."""
