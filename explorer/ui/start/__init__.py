"""The start page while no network is open."""
