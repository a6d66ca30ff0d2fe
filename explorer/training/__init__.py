"""Training: data sets, recipes, runs in processes of their own, comparisons.

Invariants:

- What happens in step n of a run depends on the network, the data, the recipe, the seed and n alone: each step draws
  its random numbers from (seed, n), each epoch its order from (seed, epoch), each layer its first numbers from
  (seed, path). So a run that was killed goes on from its last checkpoint with the curve it would have had (bit for bit
  on the CPU with the same number of threads), and two networks of one seed see the same images in the same order.
- A run is a folder. The process that trains is the only one that writes its curve and checkpoints, which it may because
  it holds the folder's lock; everyone else reads, and asks for a pause by a file. Nothing in it is code or a pickle.
- A comparison says no more than its seeds: a difference counts as one when its interval leaves out zero.
"""
