"""Tests of widgets that several features use."""
