"""The sections of the file, each read into the model."""
