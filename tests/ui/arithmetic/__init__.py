"""Tests of explorer.ui.arithmetic."""
