"""Tests of explorer.ui.memory_strip."""
