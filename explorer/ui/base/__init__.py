"""What all rooms of the window use: lanes of background work, jobs, appearance, dialogs, recent projects."""
