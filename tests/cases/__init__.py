"""Modules as people bring them: small ones after public reports, and community architectures after their papers."""
