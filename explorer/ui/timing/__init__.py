"""Latency per layer beside its multiply-adds."""
