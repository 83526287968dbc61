"""What rules compute with: shapes, windows, padding, element types."""
