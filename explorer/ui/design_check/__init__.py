"""Check of the open network against design rules."""
