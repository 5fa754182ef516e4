"""What the readers of one producer share: names, dialects, grammars. No reader is imported."""
