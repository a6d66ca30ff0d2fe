"""Pages on what each network introduced: texts of resources/guide, filled with figures of the live network."""
