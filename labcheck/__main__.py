"""`python -m labcheck`."""

from labcheck.cli import main

main()
