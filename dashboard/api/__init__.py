"""The own API, for people and programs: `/api/v1`. Scripts speak `/v2` (see `pluginhost.v2`)."""
