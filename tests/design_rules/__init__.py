"""Tests of explorer.design_rules."""
