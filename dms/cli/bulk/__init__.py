"""Commands for many files: `dms import` and `dms watch`."""
