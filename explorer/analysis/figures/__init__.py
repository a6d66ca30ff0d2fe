"""Figures of a snapshot from shapes alone: parameters, multiply-adds, memory, receptive field."""
