"""Design rules: what a network does otherwise than its field advises, with the source of each advice.

A rule says what it found, never that it is wrong: the networks that the rules come from break some of them on purpose.
Invariant: every finding names live nodes of the network, or paths that it holds and never runs; every try is an edit
that applies to it.
"""
