"""The inspector: the selected card, its figures, its options, previews of edits."""
