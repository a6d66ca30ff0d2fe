"""What each network brought, in words: pages under resources/guide, filled with what the live network counts."""
