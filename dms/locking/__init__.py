"""Check-out and check-in: who holds a record, and the token that proves it."""
