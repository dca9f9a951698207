"""Values that calls of the SDK take, by the names of the public client."""
