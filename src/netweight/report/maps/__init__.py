"""What layers see, drawn: as a picture, and in characters."""
