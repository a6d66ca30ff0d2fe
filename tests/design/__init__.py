"""Tests of designed networks."""
