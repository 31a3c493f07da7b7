"""A document service for Dutch government: the ZGW APIs, with file bodies as streams."""

__version__ = "0.1.0"
