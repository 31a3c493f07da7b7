"""Catalogi API: the types that documents, zaken and besluiten are of."""
