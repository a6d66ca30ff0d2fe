"""What the network says of the sample image, before and after."""

from __future__ import annotations

from explorer.analysis.comparison import divergence, probabilities, top
from explorer.analysis.forward import Result
from explorer.analysis.sample import labels
from explorer.panels import Guess, Output


def output(now: Result, before: Result, note: str) -> Output:
    """The five likeliest classes of both, and how far the two distributions are apart."""
    p, q = probabilities(now.main), probabilities(before.main)
    names = labels(p.numel())
    same = p.shape == q.shape
    shown = dict.fromkeys([*top(p), *(top(q) if same else ())])
    guesses = tuple(
        Guess(names[i], float(p[i]), float(q[i]) if same else 0.0) for i in sorted(shown, key=lambda i: -float(p[i]))
    )
    apart = divergence(p, q) if same else 1.0
    reran = f"{now.ran} of {now.total} ops ran" if now.ran else "nothing had to run: remembered"
    return Output(guesses, apart, same and top(p, 1) != top(q, 1), note, now.milliseconds, reran)
