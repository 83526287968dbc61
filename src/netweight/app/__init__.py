"""What a user asks for, one verb a file: from what the user named to the result."""
