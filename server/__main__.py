"""`python -m server` is `icity`."""

from server.cli import main

main()
