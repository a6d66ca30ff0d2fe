"""The window: one panel or dialog per file. Shows state, emits intent."""
