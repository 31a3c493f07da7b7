"""How content comes in: streaming parsers that touch no socket."""
