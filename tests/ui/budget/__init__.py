"""Tests of the budget lock."""
