"""What is needed to run clausewatch somewhere, and the demo."""
