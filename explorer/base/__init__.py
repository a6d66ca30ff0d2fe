"""What every room may use: cancellation, atomic writes, resources, languages, number formats. Neither torch nor Qt."""
