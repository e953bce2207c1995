"""``python -m vedette``: the command line."""

from vedette.cli import main

main()
