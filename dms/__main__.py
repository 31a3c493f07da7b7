"""`python -m dms` is the command line."""

from dms.cli import main

if __name__ == "__main__":
    main()
