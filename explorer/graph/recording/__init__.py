"""Recording a run of a module: its calls, the tensors that they make, and what is written into these."""
