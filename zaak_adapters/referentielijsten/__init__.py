"""Referentielijsten and Selectielijst API: lists of values that catalogues refer to."""
