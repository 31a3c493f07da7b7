"""The resources of the Referentielijsten and Selectielijst API, one a file."""
