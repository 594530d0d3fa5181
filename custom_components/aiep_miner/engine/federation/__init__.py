"""Evidence that others can check: the witnesses' side and the witnessed log's, after C2SP."""
