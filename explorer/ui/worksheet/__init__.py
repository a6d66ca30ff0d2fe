"""Work sheets on the open network: a dialog with a preview, saved as Markdown or a web page."""
