"""The journal: every intent before it is sent, every outcome after it, and what a daemon remembers."""
