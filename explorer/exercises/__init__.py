"""Questions on live networks whose answers are computed, the sums that explain them, and the mistakes that are likely.

What must always hold: no answer is written down. A truth is read from the figures of the live module, the sum beside it
gives that very number, and a mistake is named only where the mistaken sum gives another number than the true one.
"""
