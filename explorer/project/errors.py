"""What is raised for files of projects and edits."""


class ProjectError(ValueError):
    """File that cannot be read, written or opened. The message names the file, the place in it and the reason."""
