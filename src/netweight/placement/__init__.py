"""Where buffers lie in an arena: rectangles of time and bytes, which know of no network."""
