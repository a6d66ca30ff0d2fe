"""Tests of explorer.ui.design_check."""
