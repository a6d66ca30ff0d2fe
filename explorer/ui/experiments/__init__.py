"""The window of the experiments: their list, their controls, their pictures and their report."""
