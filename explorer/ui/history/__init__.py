"""The history panel: the edits as a list to move along."""
