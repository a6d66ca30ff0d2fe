"""Guided tours as data: which network is open at each step, what is shown, edited, asked and said.

What must always hold: what a step shows is a function of the tour and of the step's number alone. Going back is going
to the number before; leaving and coming back loses nothing; what a user does in between never gets into a tour. A tour
is read from a file of JSON that can name networks of the catalogue, registered edits and experiments, and nothing else:
a stranger's tour runs no code and opens no file.
"""
