"""Tests of explorer.analysis.arithmetic."""
