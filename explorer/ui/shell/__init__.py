"""The main window: actions, documents, the edit queue, panel updates."""
