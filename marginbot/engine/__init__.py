"""The one loop: look, decide, guard, act, look again. The only room with effects in order."""
