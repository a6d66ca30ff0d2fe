"""Files of models: dropped, chosen or given at the start; and networks of libraries in the list."""
