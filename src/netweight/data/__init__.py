"""Pictures with labels: read, parted, brought to a size, drawn in batches."""
