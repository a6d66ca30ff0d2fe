"""Widgets and plots that several panels share. They paint arrays and emit what the pointer is over; they compute
nothing, and none of them is imported before a panel is first shown."""
