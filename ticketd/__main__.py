"""`python -m ticketd` is the command `ticketd`."""

from ticketd.cli import main

main()
