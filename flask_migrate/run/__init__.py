"""One command's way through env.py."""
