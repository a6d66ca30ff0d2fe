"""Networks as files: images, tables, weights, ONNX and Python source."""
