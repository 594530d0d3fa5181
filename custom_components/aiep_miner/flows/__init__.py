"""Config, options and subentry flows; the mapping from their fields to the policy."""
