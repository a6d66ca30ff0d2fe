"""Navigation in a network: search, breadcrumb, back and forward, bookmarks."""
