"""Values and the mathematics of isolated margin. Pure: no I/O, no clock, stdlib only."""
