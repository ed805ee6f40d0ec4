"""The daemon: every pair under watch, its rules, and the run that follows when one fires."""
