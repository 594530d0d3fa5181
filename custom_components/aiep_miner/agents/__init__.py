"""What language models may read of the miners, and how they propose."""
