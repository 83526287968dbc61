"""TFLite files: read without trusting an offset, and lowered to operators of the table."""
