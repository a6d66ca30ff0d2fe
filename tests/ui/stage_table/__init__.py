"""Tests of the stage table editor."""
