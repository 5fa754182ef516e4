"""What LLMRunner's readers share: its settings, its steps, where it puts things, its lines."""
