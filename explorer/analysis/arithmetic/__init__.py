"""How each op computes: one number of a feature map, taken apart into the numbers it was made of.

Invariant: for every op, `Explanation.explained` equals `Explanation.value`, what torch computed, within
`Explanation.tolerance`; the numbers it was made of are values of the nodes that the op reads, at the places given.
"""
