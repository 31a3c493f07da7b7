"""All that knows HTTP: requests in, answers and problem+json out."""
