"""What all rooms of the window use: task lanes, jobs, appearance, dialogs, recent projects."""
