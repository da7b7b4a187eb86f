"""The doors: requests, schedules and command lines come in here and transactions end here."""
