"""What the emulated exchange answers: one table of endpoints over the books."""
