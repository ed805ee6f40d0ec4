"""Deciding: an account in, a plan out. Pure and total; one rule a file."""
