"""The stage table as an editor: type, paste, add, remove and move rows; the canvas follows."""
