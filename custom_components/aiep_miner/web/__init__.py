"""REST and WebSocket APIs, operator credentials, serializers."""
