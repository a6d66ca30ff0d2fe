"""Curves along the depth: activation drift, signal, dead units, gradients."""
