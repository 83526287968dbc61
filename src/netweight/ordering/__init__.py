"""In which order steps hold the least memory at once: tensors that steps write and read, and no network."""
