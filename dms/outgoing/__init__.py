"""What the service asks of other hosts: only of those that an administrator named, and never for long."""
