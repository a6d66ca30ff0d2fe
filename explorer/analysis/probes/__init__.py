"""What happens in a network while it is shown an image: feature maps, gradients, Grad-CAM, latency, drift."""
