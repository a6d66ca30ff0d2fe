"""The figures panel: totals and stages, now and at the baseline."""
