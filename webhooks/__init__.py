"""Other systems: their events in, ours out, signed both ways."""
