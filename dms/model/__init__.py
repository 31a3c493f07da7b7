"""The resource as a value, and the language of the standard: fields, links, rules, refusals."""
