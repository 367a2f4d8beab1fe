"""The migrations folder: its configuration and its files."""
