"""Probes of a network on one image: feature maps, gradients, Grad-CAM, latency, drift, signal health."""
