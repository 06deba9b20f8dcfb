"""Hot issues (热点问题): many reports of one matter, found as they come, with their place, period and heat."""
