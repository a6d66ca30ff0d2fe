"""The parts of the panels that look inside a network. They paint arrays and emit what is pointed at; they compute
nothing, and nothing of them is imported before a panel is first shown."""
