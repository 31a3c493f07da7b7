"""What is kept: records (metadata) and file bodies (content), each behind a port."""
