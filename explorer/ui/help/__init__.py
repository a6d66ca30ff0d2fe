"""The Help menu: keys, the manual, what is new, and what the app is made of."""
