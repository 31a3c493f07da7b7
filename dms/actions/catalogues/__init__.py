"""Catalogues as files: written, read with distrust, compared with what is there, and taken over whole."""
