"""What a tool of the window is made with: context, docks, panel tools."""
