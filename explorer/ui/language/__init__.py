"""The language of the explanations."""
