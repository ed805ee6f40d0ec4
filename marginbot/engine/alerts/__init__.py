"""What the daemon tells people and machines: alert threads, messages on their way, numbers."""
