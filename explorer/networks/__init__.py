"""The networks the app knows: the catalogue of them, and builders for those torchvision lacks."""
