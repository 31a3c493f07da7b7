"""Malware scanning of file bodies, as streams."""
