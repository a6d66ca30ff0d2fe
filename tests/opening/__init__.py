"""Tests of `explorer.opening`."""
