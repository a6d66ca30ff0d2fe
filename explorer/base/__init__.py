"""Foundations without torch or Qt: cancellation, atomic writes, resources, languages, number formats, caches."""
