"""Diagrams as documents that other programs edit: slides, drawings, TikZ, Mermaid, a web page. One scene for all."""
