"""What a tool of the window is made with: its context, docks, and base classes for tools with a panel."""
