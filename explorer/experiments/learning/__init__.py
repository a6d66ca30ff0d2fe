"""Experiments that learn: small networks trained side by side, over several seeds, in a minute or two.

Invariants:

- The variants of an experiment see the same images in the same order from the same seeds; nothing but what the
  question is about differs, and what else has to (a learning rate, a width) is said.
- What is concluded comes from the numbers: a difference whose interval holds zero is said not to be seen, one in the
  other direction than published is said to be so. Defaults were
  chosen so that a baseline learns at all in a minute, not by whether the difference agreed.
"""
