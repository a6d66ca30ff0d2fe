"""Catalogue of networks, and builders for those that torchvision lacks."""
