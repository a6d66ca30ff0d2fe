"""Tests of the dialog that designs a network."""
